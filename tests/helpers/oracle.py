"""The rules once more, as plainly as can be, to hold the engines against: one list, scanned again and again."""

from dataclasses import dataclass

from sim.events import EventKind as Kind
from sim.model import NONE, Action, OrderClass, Workload

Row = tuple[int, Kind, int, int]


@dataclass
class Bot:
    number: int
    order: int | None = None
    ends: int = 0
    began: int = 0
    turn: int = 0
    leaving: bool = False


class Oracle:
    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.need = workload.service.tolist()
        self.served_as = workload.order_class.tolist()
        self.born: dict[int, int] = {}
        self.picked_up: set[int] = set()
        self.pending: list[tuple[int, float, int, int]] = []  # (class, place, turn of its return, order)
        self.bots: list[Bot] = []
        self.rows: list[Row] = []
        self.now = self.turn = self.made = self.created = 0

    def log(self, kind: Kind, order: int | None = None, bot: Bot | None = None) -> None:
        number = NONE if order is None else order + self.workload.first_number
        self.rows.append((self.now, kind, number, NONE if bot is None else bot.number))

    def next_turn(self) -> int:
        self.turn += 1
        return self.turn

    def run(self) -> list[Row]:
        actions = list(zip(self.workload.action_time.tolist(), self.workload.action.tolist(), strict=True))
        while True:
            due = [(bot.ends, 0, bot.turn) for bot in self.bots if bot.order is not None]
            due += [(max(self.now, time), 1, order) for time, order in self.abandonments()]
            due += [(max(self.now, time), 2, order) for time, order in self.promotions()]
            due += [(time, 3, 0) for time, _ in actions[:1]]
            if not due or (self.workload.horizon is not None and min(due)[0] > self.workload.horizon):
                return self.rows
            self.now, what, which = min(due)
            if what == 0:
                self.complete(next(bot for bot in self.bots if bot.order is not None and bot.turn == which))
            elif what == 1:
                self.pending = [entry for entry in self.pending if entry[3] != which]
                self.log(Kind.ORDER_ABANDONED, which)
            elif what == 2:
                self.pending = [entry for entry in self.pending if entry[3] != which]
                self.served_as[which] = int(OrderClass.VIP)
                self.log(Kind.ORDER_PROMOTED, which)
                self.enqueue(which, which, 0)
            else:
                self.act(Action(actions.pop(0)[1]))

    def abandonments(self) -> list[tuple[int, int]]:
        waiting = [order for *_, order in self.pending if order not in self.picked_up]
        patience = self.workload.patience.tolist()
        return [(self.born[order] + patience[order], order) for order in waiting if patience[order] != NONE]

    def promotions(self) -> list[tuple[int, int]]:
        age = self.workload.rules.promote_after
        if age is None:
            return []
        normal = [order for *_, order in self.pending if self.served_as[order] == OrderClass.NORMAL]
        return [(self.born[order] + age, order) for order in normal]

    def complete(self, bot: Bot) -> None:
        self.log(Kind.ORDER_COMPLETED, bot.order, bot)
        bot.order = None
        if bot.leaving:
            self.log(Kind.BOT_REMOVED, bot=bot)
            self.bots.remove(bot)
        else:
            self.free(bot)

    def free(self, bot: Bot) -> None:
        if self.pending:
            self.pending.sort()
            self.serve(bot, self.pending.pop(0)[3])
        else:
            self.log(Kind.BOT_IDLE, bot=bot)
            bot.turn = self.next_turn()

    def serve(self, bot: Bot, order: int) -> None:
        self.log(Kind.ORDER_PICKED_UP, order, bot)
        self.picked_up.add(order)
        bot.order, bot.began, bot.ends, bot.turn = order, self.now, self.now + self.need[order], self.next_turn()

    def enqueue(self, order: int, place: float, turn: int) -> None:
        self.pending.append((self.served_as[order], place, turn, order))
        idle = [bot for bot in self.bots if bot.order is None]
        if idle:
            longest = self.workload.rules.dispatch == "longest-idle"
            bot = min(idle, key=lambda one: one.turn if longest else one.number)
            self.serve(bot, self.pending.pop()[3])

    def act(self, action: Action) -> None:
        if action is Action.CREATE_ORDER:
            self.log(Kind.ORDER_CREATED, self.created)
            self.born[self.created] = self.now
            self.created += 1
            self.enqueue(self.created - 1, self.created - 1, 0)
        elif action is Action.ADD_BOT:
            self.made += 1
            self.bots.append(Bot(self.made))
            self.log(Kind.BOT_ADDED, bot=self.bots[-1])
            self.free(self.bots[-1])
        else:
            self.remove()

    def remove(self) -> None:
        staying = [bot for bot in self.bots if not bot.leaving]
        if not staying:
            self.log(Kind.REMOVE_IGNORED)
            return
        bot = staying[-1]
        if bot.order is not None and self.workload.rules.on_remove == "finish":
            bot.leaving = True
            return
        self.bots.remove(bot)
        self.log(Kind.BOT_REMOVED, bot=bot)
        if bot.order is None:
            return
        self.log(Kind.ORDER_RETURNED, bot.order, bot)
        if self.workload.rules.on_remove == "resume":
            self.need[bot.order] -= self.now - bot.began
        turn = self.next_turn()
        match self.workload.rules.returned_to:
            case "place":
                self.enqueue(bot.order, bot.order, 0)
            case "front":
                self.enqueue(bot.order, float("-inf"), -turn)
            case "back":
                self.enqueue(bot.order, self.created - 1, turn)


def oracle_rows(workload: Workload) -> list[Row]:
    """Return (time, kind, order number, bot number) of every event of `workload`."""
    return Oracle(workload).run()


def log_rows(log) -> list[Row]:
    """Return an event log in the oracle's form."""
    columns = (log.time, log.kind, log.order, log.bot)
    return [
        (time, Kind(kind), order, bot)
        for time, kind, order, bot in zip(*(column.tolist() for column in columns), strict=True)
    ]


def check_rules(workload: Workload, rows: list[Row]) -> None:
    """Walk through a log and assert what must hold after each event and what follows from it."""
    pending: set[int] = set()
    busy: dict[int, int] = {}
    bots: set[int] = set()
    returned: set[int] = set()
    picked_up: set[int] = set()
    complete = abandoned = created = added = last = 0
    born: dict[int, int] = {}
    classes = {workload.first_number + row: OrderClass(code) for row, code in enumerate(workload.order_class.tolist())}
    for position, (time, kind, order, bot) in enumerate(rows):
        assert time >= last, "time never goes back"
        last = time
        following = rows[position + 1] if position + 1 < len(rows) else None
        match kind:
            case Kind.ORDER_CREATED:
                assert order == workload.first_number + created, "numbers rise by one"
                created += 1
                pending.add(order)
                born[order] = time
            case Kind.ORDER_ABANDONED:
                row = order - workload.first_number
                assert order not in picked_up, "picked up once, an order never abandons"
                assert time == born[order] + workload.patience[row], "an order is patient until then"
                pending.remove(order)
                abandoned += 1
            case Kind.ORDER_PROMOTED:
                assert order in pending
                assert classes[order] is OrderClass.NORMAL, "only NORMAL orders are promoted, and once"
                assert time - born[order] >= workload.rules.promote_after, "not before that age"
                classes[order] = OrderClass.VIP
            case Kind.ORDER_PICKED_UP:
                assert bot in bots, "only a bot that is there picks up"
                assert bot not in busy, "a bot holds at most one order"
                assert order not in busy.values(), "an order is on one bot"
                first = min(classes[one] for one in pending)
                assert classes[order] is first, "VIP goes before NORMAL"
                peers = [one for one in pending if classes[one] is first and one not in returned]
                if workload.rules.returned_to == "place":
                    peers = [one for one in pending if classes[one] is first]
                if order in peers:
                    assert order == min(peers), "numbers are served in order inside a class"
                pending.remove(order)
                picked_up.add(order)
                busy[bot] = order
            case Kind.ORDER_COMPLETED:
                assert busy.pop(bot) == order
                complete += 1
            case Kind.ORDER_RETURNED:
                pending.add(order)
                returned.add(order)
            case Kind.BOT_ADDED:
                added += 1
                assert bot == added, "numbers are never reused"
                bots.add(bot)
            case Kind.BOT_IDLE:
                assert not pending, "no bot is idle while an order is pending"
            case Kind.BOT_REMOVED:
                stays = bots - set(busy) if workload.rules.on_remove == "finish" else bots
                finished = position and rows[position - 1][1] is Kind.ORDER_COMPLETED
                assert bot == max(stays) or (finished and rows[position - 1][3] == bot), "the newest goes"
                bots.remove(bot)
                if bot in busy:
                    assert following == (time, Kind.ORDER_RETURNED, busy.pop(bot), bot)
        consequences = (Kind.ORDER_PICKED_UP, Kind.ORDER_RETURNED, Kind.BOT_IDLE)
        leaves = kind is Kind.ORDER_COMPLETED and following == (time, Kind.BOT_REMOVED, NONE, bot)
        settled = following is None or not (following[1] in consequences or leaves)
        in_hand = {rows[position + 1][2]} if following and following[1] is Kind.ORDER_RETURNED else set()
        assert created == len(pending | in_hand) + len(busy) + complete + abandoned, "no order is ever lost"
        if settled:
            assert not pending or bots <= set(busy), "no order waits while a bot is idle"
