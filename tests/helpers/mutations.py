"""Engines that break one rule each."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import sim.engines
from sim.engines import reference


class Mutation(NamedTuple):
    """An engine that breaks a rule: its name, what the rule says, and pieces of source with what replaces them."""

    name: str
    rule: str
    changes: list[tuple[str, str]]

    def engine(self) -> Callable:
        """Return the engine; each piece must be there exactly once, or the mutation could do nothing."""
        source = Path(reference.__file__).read_text(encoding="utf-8")
        for old, new in self.changes:
            assert source.count(old) == 1, f"{self.name}: {old!r} occurs {source.count(old)} times"
            source = source.replace(old, new)
        module = ModuleType(f"{reference.__name__}_with_{self.name}")
        exec(compile(source, module.__name__, "exec"), module.__dict__)
        return module.simulate

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let all runs have this engine."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reference, "simulate", self.engine())
            patch.setattr(sim.engines, "LONG", sys.maxsize)  # so that `auto` is it
            yield


NEW_ORDER = "self.to_pending(order, order * ROOM)"
TO_PENDING = "self.pending[self.order_class[order]].items, (place, order)"
RETURN = "self.to_pending(me.order, self.place_of_returned(me.order))"
PLACE = "return order * ROOM"
FRONT = "return -next(self.turns)"
BACK = "return (self.created - 1) * ROOM + next(self.turns)"
TURN = 'next(self.turns) if self.rules.dispatch == "longest-idle" else bot.number'
REMOVE = "self.remove(self.crew.pop())"
ADD = "self.crew.append(Bot(self, next(self.numbers)))"
RESUME = 'if self.rules.on_remove == "resume":'
FINISH = 'if bot.order != NONE and self.rules.on_remove == "finish":'
LEAVING = "bot.leaving = True"
PATIENCE = "if impatient and patience[order] != NONE:"
PROMOTE_AFTER = "if promote_after is not None and self.order_class[order] == NORMAL:"
PROMOTED = "(order * ROOM, order)"
RANKS = "FIRST_RANK = 2  # behind SimPy's 0 and 1"
WORK = "alarm.set(COMPLETION, need[order])"
INTERRUPT_NEWEST = "bot = self.crew.pop(); bot.interrupt(); self.crew.append(Bot(self, bot.number))"
FIRST_IDLE = "max(range(len(self.crew)), key=lambda place: (self.crew[place].order == NONE, place))"


def ranks(*order: str) -> list[tuple[str, str]]:
    return [(RANKS, f"{RANKS}\n{', '.join(order)} = range(5)")]


MUTATIONS = [
    # Orders
    Mutation(
        "last-in-first-out",
        "inside a class the lower number goes first",
        [(NEW_ORDER, "self.to_pending(order, -order * ROOM)")],
    ),
    Mutation(
        "normal-before-vip",
        "VIP orders stand before all NORMAL ones",
        [("vip, normal = (line.items", "normal, vip = (line.items")],
    ),
    Mutation(
        "one-queue-for-all",
        "VIP orders stand before all NORMAL ones",
        [(TO_PENDING, "self.pending[VIP].items, (place, order)")],
    ),
    Mutation(
        "vip-interrupts",
        "nothing interrupts work but the removal of the bot",
        [
            (
                NEW_ORDER,
                f"if self.order_class[order] == VIP and self.crew and not self.idle.items: {INTERRUPT_NEWEST}\n"
                f"{' ' * 20}{NEW_ORDER}",
            )
        ],
    ),
    Mutation("missed-wake-up", "an IDLE bot takes an order that comes", [("while self.idle.items:", "while False:")]),
    Mutation(
        "new-bot-waits-for-a-new-order",
        "a new bot takes the first PENDING order at once",
        [("if vip:", "if vip and me.order != NONE:"), ("elif normal:", "elif normal and me.order != NONE:")],
    ),
    # Bots
    Mutation("newest-idle-bot-takes", "the oldest IDLE bot takes the order", [(TURN, TURN.replace("bot", "-bot"))]),
    Mutation("oldest-takes-as-longest-idle", "the one IDLE longest takes the order", [(TURN, "bot.number")]),
    Mutation("longest-idle-takes-as-oldest", "the oldest IDLE bot takes the order", [(TURN, "next(self.turns)")]),
    Mutation("last-idle-takes", "the one IDLE longest takes the order", [(TURN, TURN.replace("next", "-next"))]),
    Mutation("oldest-bot-removed", "removing takes the newest bot", [(REMOVE, "self.remove(self.crew.pop(0))")]),
    Mutation(
        "idle-bot-removed-first",
        "removing takes the newest bot, busy or not",
        [(REMOVE, f"self.remove(self.crew.pop({FIRST_IDLE}))")],
    ),
    Mutation(
        "removed-idle-bot-still-in-line",
        "a bot that is IDLE is gone at once",
        [("if inbox.callbacks:", "if True:")],
    ),
    Mutation(
        "removed-idle-bot-returns-its-last-order",
        "an order that is done stays done",
        [("me.order, inbox = NONE, Event(env)", "inbox = Event(env)")],
    ),
    Mutation(
        "numbers-used-again",
        "a bot's number is never used again",
        [(ADD, "self.crew.append(Bot(self, len(self.crew) + 1))")],
    ),
    Mutation("removing-none-crashes", "removing without a bot does nothing", [("elif self.crew:", "elif True:")]),
    Mutation(
        "removing-none-uses-up-a-number",
        "removing without a bot does nothing",
        [("log(now, IGNORED, NONE, NONE)", "next(self.numbers)")],
    ),
    # Orders of removed bots
    Mutation("order-lost", "an order whose bot is removed goes back to PENDING", [(RETURN, "pass")]),
    Mutation(
        "idle-bot-not-told-of-a-return",
        "an order that goes back is taken at once by an IDLE older bot",
        [(RETURN, f"order = me.order; place = self.place_of_returned(order); heappush({TO_PENDING})")],
    ),
    Mutation("restart-resumes", "with `restart` the work is lost", [(RESUME, "if True:")]),
    Mutation("resume-restarts", "with `resume` the work is kept", [(RESUME, "if False:")]),
    Mutation(
        "resume-knows-the-last-attempt-only",
        "with `resume` the work is kept",
        [
            (
                "need[me.order] -= env.now - now",
                "need[me.order] = int(self.workload.service[me.order]) - (env.now - now)",
            )
        ],
    ),
    Mutation("restart-finishes", "with `restart` a busy bot is gone at once", [(FINISH, "if bot.order != NONE:")]),
    Mutation("finish-restarts", "with `finish` a busy bot completes its order", [(FINISH, "if False:")]),
    Mutation(
        "finish-keeps-idle-bots",
        "a bot that is IDLE is gone at once",
        [(FINISH, 'if self.rules.on_remove == "finish":')],
    ),
    Mutation(
        "leaving-bot-goes-on", "a bot that is to leave takes no other order", [("while not me.leaving:", "while True:")]
    ),
    Mutation(
        "leaving-bot-removed-again",
        "a bot that is to leave is not there to be removed again",
        [(LEAVING, f"{LEAVING}; self.crew.append(bot)")],
    ),
    Mutation(
        "leaving-bot-called-back",
        "a bot that is to leave is never called back",
        [
            (LEAVING, "bot.leaving, self.leaver = True, bot"),
            (ADD, f"if hasattr(self, 'leaver'): self.leaver.leaving = False\n{' ' * 20}else: {ADD}"),
        ],
    ),
    Mutation("place-is-the-back", "by default an order goes back to where its number belongs", [(PLACE, BACK)]),
    Mutation("place-is-the-front", "by default an order goes back to where its number belongs", [(PLACE, FRONT)]),
    Mutation("front-ignored", "`front` is before all that are PENDING", [(FRONT, PLACE)]),
    Mutation(
        "front-behind-other-fronts",
        "`front` is before all that are PENDING",
        [(FRONT, "return next(self.turns) - ROOM")],
    ),
    Mutation(
        "front-of-both-classes",
        "`returned_to` is a place in its class",
        [(TO_PENDING, TO_PENDING.replace("self.order_class[order]", "VIP if place < 0 else self.order_class[order]"))],
    ),
    Mutation("back-ignored", "`back` is behind all that are PENDING", [(BACK, PLACE)]),
    Mutation("back-is-the-front", "`back` is behind all that are PENDING", [(BACK, FRONT)]),
    Mutation(
        "back-for-good",
        "later orders stand behind one sent to the `back`",
        [(BACK, "return ROOM**2 + next(self.turns)")],
    ),
    # Patience
    Mutation("patience-ignored", "an order whose patience ends is ABANDONED", [(PATIENCE, "if False:")]),
    Mutation(
        "abandoned-after-a-return",
        "an order that a bot has once taken never abandons",
        [("if self.state[order] == PENDING:", "if self.state[order] in (PENDING, PENDING_AGAIN):")],
    ),
    Mutation(
        "abandoned-order-served",
        "an ABANDONED order is taken by no bot",
        [("if state[order] == GONE:", "if False:")],
    ),
    Mutation(
        "abandoned-order-promoted",
        "an order whose patience ends at the age of its promotion is ABANDONED",
        [("elif self.state[order] != GONE and", "elif")],
    ),
    # Promotion
    Mutation("promotion-ignored", "an order of that age is served as a VIP", [(PROMOTE_AFTER, "if False:")]),
    Mutation(
        "vip-promoted",
        "a NORMAL order is promoted",
        [(PROMOTE_AFTER, "if promote_after is not None:")],
    ),
    Mutation(
        "promoted-while-with-a-bot",
        "an order that is with a bot is promoted after its return only",
        [("if self.state[order] == PROCESSING:", "if False:")],
    ),
    Mutation(
        "promoted-one-left-behind",
        "a promoted order stands among the VIPs, and nowhere else",
        [("if promoted[order]:", "if False:")],
    ),
    Mutation(
        "promoted-behind-all-vips",
        "a promoted order stands among the VIPs by its number",
        [(PROMOTED, "(self.created * ROOM, order)")],
    ),
    Mutation(
        "promoted-before-all-vips",
        "VIPs that were sent to the `front` stand before a promoted order",
        [(PROMOTED, "(-next(self.turns), order)")],
    ),
    Mutation(
        "promotion-missed-while-with-a-bot",
        "an order of that age that returns is promoted then",
        [("if me.order in self.overdue:", "if False:")],
    ),
    Mutation(
        "promoted-once-only",
        "a promoted order is served as a VIP from then on",
        [("self.order_class[order], self.promoted[order] = VIP, True", "self.promoted[order] = True")],
    ),
    # What happens first at one instant
    Mutation(
        "actions-before-completions",
        "completions come before actions",
        ranks("ACTION", "COMPLETION", "ABANDONMENT", "PROMOTION", "HORIZON"),
    ),
    Mutation(
        "abandonments-before-completions",
        "completions come before abandonments",
        ranks("ABANDONMENT", "COMPLETION", "PROMOTION", "ACTION", "HORIZON"),
    ),
    Mutation(
        "promotions-before-completions",
        "completions come before promotions",
        ranks("PROMOTION", "COMPLETION", "ABANDONMENT", "ACTION", "HORIZON"),
    ),
    Mutation(
        "actions-before-abandonments",
        "abandonments come before actions",
        ranks("COMPLETION", "PROMOTION", "ACTION", "ABANDONMENT", "HORIZON"),
    ),
    Mutation(
        "actions-before-promotions",
        "promotions come before actions",
        ranks("COMPLETION", "ABANDONMENT", "ACTION", "PROMOTION", "HORIZON"),
    ),
    Mutation(
        "completions-by-bot",
        "completions come in the order in which the work began",
        [(WORK, "alarm.set(COMPLETION + number / ROOM, need[order])")],
    ),
    Mutation(
        "completions-by-order",
        "completions come in the order in which the work began",
        [(WORK, "alarm.set(COMPLETION + order / ROOM, need[order])")],
    ),
    Mutation(
        "completions-last-begun-first",
        "completions come in the order in which the work began",
        [(WORK, "alarm.set(COMPLETION - now / ROOM**2, need[order])")],
    ),
    Mutation(
        "actions-all-at-once",
        "whatever follows from one action is over before the next one",
        [("yield alarm.set(ACTION, time - now)", "if time > now: yield alarm.set(ACTION, time - now)")],
    ),
    # The end
    Mutation(
        "horizon-exclusive",
        "the run stops after everything that is due at the horizon",
        ranks("HORIZON", "COMPLETION", "ABANDONMENT", "PROMOTION", "ACTION"),
    ),
    Mutation(
        "horizon-before-actions",
        "the run stops after everything that is due at the horizon",
        ranks("COMPLETION", "ABANDONMENT", "PROMOTION", "HORIZON", "ACTION"),
    ),
]
