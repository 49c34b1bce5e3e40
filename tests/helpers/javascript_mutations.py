"""The engine in kitchen.js with one rule broken each, by the names of the same mutations of the reference engine."""

from pathlib import Path

from tests.helpers.javascript import PAGE

CREATE = "this.#toPending(order, order.number, 0);\n    if (patience"
BY_NUMBER = "this.#toPending(order, order.number, 0);\n    }"
FRONT = "this.#toPending(order, -1, -this.#turn());"
BACK = "this.#toPending(order, this.orders[this.orders.length - 1].number, this.#turn());"
IDLE_KEY = 'this.rules.dispatch === "longest-idle" ? this.#turn() : bot.number'
NEWEST = "this.bots.filter((candidate) => !candidate.leaving).at(-1)"
FINISH = 'bot.order && this.rules.on_remove === "finish"'
RESUME = 'if (this.rules.on_remove === "resume")'
RETURN = "if (bot.order) this.#return(bot.order, bot);"
IS_PATIENT = "const isDue = () => order.state === PENDING;"
AGE = "if (age === null || order.servedAs === VIP) return;"
PROMOTED = "this.#pending[VIP].push({ order, place: order.number, turn: 0 });"
RETURNED = "    }\n    this.#awaitPromotion(order);\n  }\n\n  /**\n   * Add an order"
IS_PENDING = "[PENDING, PENDING_AGAIN].includes"
BEGUN = "COMPLETION, this.#turn(), "
LEAVES = "if (bot.leaving) this.#leave(bot);"
RANKS = "const [COMPLETION, ABANDONMENT, PROMOTION, ACTION] = [0, 1, 2, 3];"
HORIZON = "first.time > Math.min(until, this.horizon ?? until)"

MUTATIONS = {
    "last-in-first-out": (CREATE, CREATE.replace("order.number", "-order.number")),
    "normal-before-vip": ("this.#head(VIP) ?? this.#head(NORMAL)", "this.#head(NORMAL) ?? this.#head(VIP)"),
    "missed-wake-up": ("if (bot) this.#pickUp(bot, order);\n    else ", ""),
    "newest-idle-bot-takes": (IDLE_KEY, IDLE_KEY.replace("bot.number", "-bot.number")),
    "oldest-takes-as-longest-idle": (IDLE_KEY, "bot.number"),
    "longest-idle-takes-as-oldest": (IDLE_KEY, "this.#turn()"),
    "last-idle-takes": (IDLE_KEY, IDLE_KEY.replace("this.#turn()", "-this.#turn()")),
    "oldest-bot-removed": (NEWEST, NEWEST.replace("at(-1)", "at(0)")),
    "idle-bot-removed-first": (NEWEST, f"this.bots.find((candidate) => !candidate.order) ?? {NEWEST}"),
    "removed-idle-bot-still-in-line": ("while (bot?.gone) bot = this.#idle.pop();", ""),
    "numbers-used-again": ("this.#added += 1;", "this.#added = this.bots.length + 1;"),
    "removing-none-uses-up-a-number": ("this.#write(IGNORED, null, null);", "this.#added += 1;"),
    "order-lost": (RETURN, ""),
    "restart-resumes": (RESUME, "if (true)"),
    "resume-restarts": (RESUME, "if (false)"),
    "restart-finishes": (FINISH, "bot.order"),
    "finish-restarts": (FINISH, "false"),
    "finish-keeps-idle-bots": (FINISH, FINISH.replace("bot.order && ", "")),
    "leaving-bot-goes-on": (LEAVES, "if (false) this.#leave(bot);"),
    "leaving-bot-removed-again": (NEWEST, "this.bots.at(-1)"),
    "place-is-the-back": (BY_NUMBER, f"{BACK}\n    }}"),
    "place-is-the-front": (BY_NUMBER, f"{FRONT}\n    }}"),
    "front-ignored": (FRONT, "this.#toPending(order, order.number, 0);"),
    "front-behind-other-fronts": (FRONT, FRONT.replace("-this", "this")),
    "back-ignored": (BACK, "this.#toPending(order, order.number, 0);"),
    "back-is-the-front": (BACK, FRONT),
    "back-for-good": (BACK, "this.#toPending(order, 2 ** 40, this.#turn());"),
    "patience-ignored": ("if (patience !== NONE)", "if (false)"),
    "abandoned-after-a-return": (IS_PATIENT, "const isDue = () => [PENDING, PENDING_AGAIN].includes(order.state);"),
    "abandoned-order-served": ("order.state === GONE || ", ""),
    "abandoned-order-promoted": (IS_PENDING, "[PENDING, PENDING_AGAIN, GONE].includes"),
    "promotion-ignored": (AGE, "return;"),
    "promoted-while-with-a-bot": (IS_PENDING, "[PENDING, PENDING_AGAIN, PROCESSING].includes"),
    "promoted-behind-all-vips": (PROMOTED, PROMOTED.replace("order.number", "2 ** 40")),
    "promoted-before-all-vips": (PROMOTED, "this.#pending[VIP].push({ order, place: -1, turn: -this.#turn() });"),
    "promotion-missed-while-with-a-bot": (RETURNED, RETURNED.replace("this.#awaitPromotion(order);", "")),
    "promoted-one-left-behind": (" || order.servedAs !== orderClass", ""),
    "completions-by-bot": (BEGUN, "COMPLETION, bot.number, "),
    "completions-by-order": (BEGUN, "COMPLETION, order.number, "),
    "completions-last-begun-first": (BEGUN, "COMPLETION, -this.#turn(), "),
    "actions-before-completions": (RANKS, RANKS.replace("0, 1, 2, 3", "1, 2, 3, 0")),
    "abandonments-before-completions": (RANKS, RANKS.replace("0, 1, 2, 3", "1, 0, 2, 3")),
    "promotions-before-completions": (RANKS, RANKS.replace("0, 1, 2, 3", "1, 2, 0, 3")),
    "actions-before-abandonments": (RANKS, RANKS.replace("0, 1, 2, 3", "0, 3, 1, 2")),
    "actions-before-promotions": (RANKS, RANKS.replace("0, 1, 2, 3", "0, 1, 3, 2")),
    "horizon-exclusive": (HORIZON, HORIZON.replace(">", ">=")),
}


def write_mutated(name: str, folder: Path) -> None:
    """Write the files of the engine with a mutation; its piece of source must be there exactly once."""
    old, new = MUTATIONS[name]
    sources = {path.name: path.read_text(encoding="utf-8") for path in PAGE.glob("*.js")}
    assert sum(source.count(old) for source in sources.values()) == 1, name
    for file, source in sources.items():
        (folder / file).write_text(source.replace(old, new), encoding="utf-8")
