"""Keeping results: in the embedded file first, then, where one is asked for, on a server.

So a result is on the disk before a network, a server or a token can fail; `sim push` sends what did not get there.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from sim.errors import StorageError
from sim.experiment import Comparison, Options, Replication, Replications, Results, Run, Selection, Staffing, Sweep
from sim.experiment.unkept import Unkept
from sim.scenario import Scenario
from sim.storage.addresses import LOCAL, Address, find_address
from sim.storage.database import Database, open_database
from sim.storage.experiments import (
    Experiment,
    Kind,
    earlier_replications,
    new_experiment,
    push_replications,
    save_replications,
    save_staffing,
)
from sim.storage.listing import find_run
from sim.storage.reading import Damaged, DamagedRunError, warn_of
from sim.storage.rows import new_run_id
from sim.storage.saving import push_run, save_run

_FLUSH = 5  # seconds of work that a power cut may take


class Keeper(Unkept):
    """Keeps a run, or replications as they come, in the embedded file, and once it is closed on a server, if `address`
    is one.

    Replications have the seed of `scenario` and belong to one experiment of it; without a scenario they belong to one
    of their own each. What cannot be kept is told in `problems`, a line each: all else is kept nevertheless.
    """

    def __init__(
        self,
        address: Address,
        tags: Iterable[str] = (),
        kind: Kind = "replicate",
        scenario: Scenario | None = None,
        seed: int | None = None,
        damaged: Damaged = warn_of,
    ) -> None:
        """Nothing is opened yet; `damaged` is told of each damaged run that is of no use as an earlier replication."""
        super().__init__(tags)
        self.address = address
        self.kind = kind
        self.scenario = scenario
        self.seed = seed
        self._damaged = damaged
        self._known_damage: set[str] = set()
        self._is_pushed = False
        self._experiments: dict[str, Experiment] = {}  # by the text of the scenario that they are of
        self._scenarios: dict[str, Scenario] = {}  # by their text
        self._waiting: list[tuple[Scenario, list[str], Sequence[Replication]]] = []  # with the ids of their runs
        self._stored: dict[str, int] = {}  # how many replications a block has, by the id of its first
        self._flushed = monotonic()

    @property
    def options(self) -> Options:
        """What `replicate` and its like are given, so that what they run is kept, and what is kept is not run again."""
        return {"fingerprints": True, "earlier": self.earlier, "finished": self.finished}

    def seed_of(self, scenario: Scenario) -> int:
        """Return the seed that replications of a scenario have."""
        return (self.scenario or scenario).seed if self.seed is None else self.seed

    @property
    def experiment_ids(self) -> list[str]:
        """The ids of the experiments of which something is stored, or was tried to be."""
        return [experiment.id for experiment in self._experiments.values()]

    @property
    def count(self) -> int:
        """How many replications are stored, at whatever moment Ctrl-C came."""
        return sum(self._stored.values())

    @property
    def kept_text(self) -> str:
        """How much is stored of an experiment that was interrupted, nothing where that is nothing."""
        return f"{self.count} finished replications are stored; the same command continues" if self.count else ""

    @property
    def _file(self) -> Address:
        """The embedded file that goes before a server, or the one that is asked for."""
        return find_address(LOCAL) if self.address.is_remote else self.address

    @property
    def _push(self) -> str:
        """The command that sends what is in the embedded file only."""
        return f"sim push --db {self.address.url}" if self.address.url_from == "--db" else "sim push"

    @property
    def place(self) -> str:
        """In which database the run is, and what sends it on, if it should be on a server and is not."""
        if self.address.is_remote and not self._is_pushed:
            return f"in {self._file.url}, not pushed; {self._push} sends it"
        return f"in {self.address.url}"

    def keep_run(self, run: Run) -> None:
        """Store a run in the embedded file; `close` sends it on. When Ctrl-C comes meanwhile, `run_id` says whether it
        is stored.
        """
        self._keep_run(lambda database, run_id: save_run(database, run, self.tags, run_id))

    def keep_staffing(self, staffing: Staffing) -> None:
        """Store a staffing, with the first day of its crew as its run, as `keep_run` does."""
        first_day = staffing.first_day
        self._keep_run(lambda database, run_id: save_staffing(database, staffing, first_day, self.tags, run_id))

    def _keep_run(self, save: Callable[[Database, str], object]) -> None:
        run_id = new_run_id()
        try:
            with open_database(self._file) as database:
                try:
                    save(database, run_id)
                except KeyboardInterrupt:  # it may have come too late to keep the run from being stored
                    with suppress(StorageError):
                        self.run_id = find_run(database, run_id).id
                    raise
        except StorageError as error:
            why = "runs are kept there before they are pushed, so " if self.address.is_remote else ""
            self.problems.append(f"{error}; {why}this run is not in a database")
        else:
            self.run_id = run_id

    def earlier(self, scenario: Scenario) -> list[Replication]:
        """Return the replications of a scenario that the embedded file has, under the seed that they are to have; what
        is wrong with the file shows when others are kept there.
        """
        self._scenarios[scenario.text] = scenario
        if not Path(self._file.target).exists():
            return []
        try:
            with open_database(self._file) as database:
                return earlier_replications(database, scenario, self.seed_of(scenario), self._tell_once)
        except StorageError:
            return []

    def _tell_once(self, error: DamagedRunError) -> None:
        """Tell of a damaged run: a study asks for the same ones again and again."""
        if str(error) not in self._known_damage:
            self._known_damage.add(str(error))
            self._damaged(error)

    def finished(self, scenario: Scenario, results: Sequence[Replication]) -> None:
        """Keep new replications, now or with others a little later; what goes wrong is tried again at the end."""
        self._scenarios[scenario.text] = scenario
        # ids now: a block of which a failed attempt may have stored something keeps its own
        self._waiting.append((scenario, [new_run_id() for _ in results], results))
        if monotonic() - self._flushed > _FLUSH:
            with suppress(StorageError):
                self._flush()
            self._flushed = monotonic()

    def _flush(self) -> None:
        """Store the replications that wait for it."""
        if not self._waiting:
            return
        with open_database(self._file) as database:
            while self._waiting:
                scenario, run_ids, results = self._waiting[0]
                experiment = self._experiment(scenario)
                save_replications(database, scenario, self.seed_of(scenario), results, self.tags, experiment, run_ids)
                self._stored[run_ids[0]] = len(run_ids)
                del self._waiting[0]

    def _experiment(self, scenario: Scenario) -> Experiment:
        """Return the experiment that replications of a scenario belong to."""
        whole_file = self.scenario or scenario
        return self._experiments.setdefault(whole_file.text, new_experiment(self.kind, whole_file))

    def close(self) -> None:
        """Store what is not stored yet, then send all of it to the server; what does not work becomes a problem."""
        try:
            self._flush()
        except StorageError as error:
            self.problems.append(f"{error}; these replications are not in a database")
            return
        if not self.address.is_remote or not (self.run_id or self._scenarios):
            return
        try:
            with open_database(self.address) as target, open_database(self._file) as source:
                if self.run_id is not None:
                    push_run(source, target, self.run_id)
                for scenario in self._scenarios.values():
                    push_replications(source, target, scenario, self.seed_of(scenario), self._leave_out)
            self._is_pushed = True
        except StorageError as error:
            place = f"these replications are in {self._file.url}, not all pushed; {self._push} sends them"
            if self.run_id is not None:
                place = f"this run is {self.place}"
            self.problems.append(f"{error}; {place}")

    def _leave_out(self, error: DamagedRunError) -> None:
        self.problems.append(f"{error}; it is not pushed")


def keep(
    result: Run | Replications | Sweep | Comparison | Selection | Staffing,
    database: str | Address | Database | None = None,
    tags: Iterable[str] = (),
) -> str | None:
    """Keep a result as the commands do, and return the id of its run or experiment; `tags` are words to find it by.

    The database is named by its URL, by default as `find_address` finds it. What goes to a server is kept in
    `file:sim.db` first. Of an experiment, replications that are stored there already are not stored again; None is
    returned where all are.

    Raises:
        ArgumentError: a tag is empty or cannot be printed.
        StorageError: it could not be kept, or not be pushed; the message says where it is then.
        ValueError: the replications were run without fingerprints.

    """
    if isinstance(database, Database):
        database = database.address
    address = database if isinstance(database, Address) else find_address(database)
    if isinstance(result, Run):
        keeper = Keeper(address, tags)
        keeper.keep_run(result)
    elif isinstance(result, Staffing):
        keeper = Keeper(address, tags, "staff", result.scenario, result.seed)
        keeper.keep_staffing(result)
    else:
        kind, scenario, seed, parts = _taken_apart(result)
        if any(replication.fingerprint is None for part in parts for replication in part.results):
            raise ValueError("replications without fingerprints cannot be kept; run them with fingerprints=True")
        keeper = Keeper(address, tags, kind, scenario, seed)
        for part in parts:
            known = {replication.number for replication in keeper.earlier(part.scenario)}
            fresh = [replication for replication in part.results if replication.number not in known]
            if fresh:
                keeper.finished(part.scenario, Results.of(part.scenario.metric_set, fresh))
    keeper.close()
    if keeper.problems:
        raise StorageError("; ".join(keeper.problems))
    return keeper.run_id or next(iter(keeper.experiment_ids), None)


def _taken_apart(
    study: Replications | Sweep | Comparison | Selection,
) -> tuple[Kind, Scenario, int, list[Replications]]:
    """Return what an experiment is, of which scenario, under which seed, and the replications in it."""
    if isinstance(study, Replications):
        return "replicate", study.scenario, study.seed, [study]
    if isinstance(study, Sweep):
        return "sweep", study.scenario, study.seed, list(study.points)
    if isinstance(study, Comparison):
        return "compare", study.scenario, study.baseline.seed, [study.baseline, *study.alternatives]
    return "select", study.scenario, study.seed, [candidate.replications for candidate in study.candidates]
