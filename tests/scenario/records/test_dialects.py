"""Files of tills and call centres: whatever the dialect, the same orders are read."""

from datetime import datetime, timedelta

import pytest

from sim.model import NONE, OrderClass
from sim.scenario.records import ClassWords, Columns, read_records

ROLES = ("id", "started", "done", "service", "left")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
SECOND = 1_000_000


def read(text, encoding="utf-8", **keys):
    return read_records(text.encode(encoding), "till.csv", Columns(**keys), ROLES)


def times(records) -> list[str]:
    return [(EPOCH + timedelta(microseconds=time)).isoformat(" ") for time in records.time.tolist()]


def refusal(text, **keys) -> str:
    with pytest.raises(ValueError, match=" ") as caught:
        read(text, **keys)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("time;Zeit\n2026-03-02 18:05;2026-03-02 18:05\n", {}, "several columns hold dates or times; write"),
        ("time;class;Order Class\n2026-03-02 18:05;VIP;VIP\n", {}, "'Order Class' both look like the class"),
        ("time\n2026-03-02 18:05\n", {"words": ClassWords(("gold",))}, "no column looks like the class; name one with"),
    ],
)
def test_what_could_be_either_is_asked_for(text, keys, message):
    assert message in refusal(text, **keys)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("2026-02-30 18:05", "'2026-02-30 18:05' names a day that the calendar does not have; correct it"),
        ("2026-02-03 13:05 PM", "'2026-02-03 13:05 PM' is not a date or time; write one such as"),
        ("2026-02-03 24:05", "'2026-02-03 24:05' is not a date or time; write one such as"),
    ],
)
def test_an_instant_that_no_clock_shows_is_a_fault(cell, message):
    rows = "".join(f"2026-02-{day:02} 18:05\n" for day in range(1, 28)) * 10
    [fault] = read(f"time\n{rows}{cell}\n").faults
    assert fault.message.startswith(message)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_encoding_and_the_separator_are_told_by_looking(encoding, separator):
    rows = ["time;class;Café (s)", "2026-03-02 18:05;VIP;90", "2026-03-02 18:06;normal;30"]
    text = "\n".join(rows).replace(";", separator)
    records = read(text, encoding, names={"service": "Café (s)"})
    assert times(records) == ["2026-03-02 18:05:00", "2026-03-02 18:06:00"]
    assert records.order_class.tolist() == [OrderClass.VIP, OrderClass.NORMAL]
    assert records.service.tolist() == [90 * SECOND, 30 * SECOND]


FORMS = [
    "2026-03-14 18:05:09",
    "2026-03-14T18:05:09",
    "2026/03/14 18:05:09",
    "2026.03.14 18:05:09",
    "20260314 18:05:09",
    "2026-3-14 6:05:09 PM",
    "14/03/2026 18:05:09",
    "14.03.2026 18:05:09",
    "14-03-2026 18:05:09",
    "14.3.26 18:05:09",
    "14.03.2026, 18.05.09",
    "03/14/2026 06:05:09 PM",
    "3/14/26 6:05:09 p.m.",
    "14 Mar 2026 18:05:09",
    "14-Mar-26 6:05:09pm",
    "14. March 2026 18:05:09",
    "Mar 14, 2026 6:05:09 PM",
    "March 14th, 2026 18:05:09",
    "Sat, 14 Mar 2026 18:05:09",
    "Saturday 14/03/2026 18:05:09",
    "2026-03-14 18:05:09.000",
    "2026-03-14T18:05:09+01:00",
]


@pytest.mark.parametrize("form", FORMS)
def test_an_instant_is_read_in_each_form(form):
    assert times(read(f'time,x\n"{form}",1\n')) == ["2026-03-14 18:05:09"]


def test_one_column_may_mix_forms():
    text = "time,x\n8:00 AM,1\n08:00:30.5,1\n12:11:42 AM,1\n12:11:42 PM,1\n"
    assert times(read(text)) == [
        "1970-01-01 00:11:42",
        "1970-01-01 08:00:00",
        "1970-01-01 08:00:30.500000",
        "1970-01-01 12:11:42",
    ]


def test_a_date_and_a_time_of_day_may_stand_in_two_columns():
    records = read("Date,Time,Amount\n2026-03-14,6:05 PM,3\n2026-03-14,6:01 PM,3\n")
    assert times(records) == ["2026-03-14 18:01:00", "2026-03-14 18:05:00"]
    assert records.named == {"time": "Date + Time"}
    again = read("Day,Clock,Time\n2026-03-14,6:05 PM,3\n", names={"time": "day + clock"})
    assert times(again) == ["2026-03-14 18:05:00"]


@pytest.mark.parametrize(
    ("dates", "first", "note"),
    [
        (["03/04/2026", "04/04/2026", "05/04/2026"], "2026-04-03", "dates are read as day/month"),
        (["03/04/2026", "03/05/2026", "03/06/2026"], "2026-03-04", "dates are read as month/day"),
        (["03/04/2026", "13/04/2026"], "2026-04-03", "dates are read as day/month"),
        (["03/04/2026", "03/13/2026"], "2026-03-04", "dates are read as month/day"),
    ],
)
def test_days_that_follow_each_other_decide_which_number_is_the_day(dates, first, note):
    records = read("time,x\n" + "".join(f"{date} 12:00,1\n" for date in dates))
    assert times(records)[0] == f"{first} 12:00:00"
    assert records.notes == [note]


def test_where_nothing_decides_that_it_is_asked():
    text = "time,x\n03/04/2026 12:00,1\n"
    message = "'03/04/2026 12:00' can be read as day/month and as month/day; write --dates dmy or --dates mdy"
    assert refusal(text) == message
    assert times(read(text, dates="mdy")) == ["2026-03-04 12:00:00"]
    assert refusal(text, option="{0}: {1}").endswith("write dates: dmy or dates: mdy")


def test_an_instant_of_another_zone_is_shown_as_the_clock_of_the_shop_reads():
    text = "time,x\n2026-03-28T11:00:00Z,1\n2026-03-29T11:00:00Z,1\n"  # clocks change in between
    assert (
        refusal(text) == "'2026-03-28T11:00:00Z' is not a local time; say where the shop is, such as --zone Europe/Rome"
    )
    assert times(read(text, zone="Europe/Rome")) == ["2026-03-28 12:00:00", "2026-03-29 13:00:00"]
    naive = read(text.replace("Z", ""), zone="Europe/Rome")
    assert times(naive) == ["2026-03-28 12:00:00", "2026-03-29 13:00:00"]
    assert naive.notes == ["times are taken as UTC, and as the clock reads in Europe/Rome from here on"]
    assert "'Europe/Rme' is not a time zone; did you mean 'Europe/Rome'?" in refusal(text, zone="Europe/Rme")


def test_seconds_since_1970_are_instants():
    text = "time,x\n1774000000,1\n1774000000500,1\n"
    assert times(read(text, zone="Europe/Rome")) == ["2026-03-20 10:46:40", "2026-03-20 10:46:40.500000"]


@pytest.mark.parametrize(
    ("cells", "header", "unit", "separator", "seconds"),
    [
        (["3,5", "1.204,25"], "secs", None, ";", [3.5, 1204.25]),
        (["3.5", "1,204.25"], "secs", None, ";", [3.5, 1204.25]),
        (["1,204", "900"], "secs", None, ";", [1.204, 900]),
        (["1'204", "900"], "prep", "s", ";", [1204, 900]),
        (["2", "0.5"], "Prep (min)", None, ",", [120, 30]),
        (["1:30", "0:02:05", "10m", "90 sec"], "prep", "m", ",", [90, 125, 600, 90]),
        (["1:30"], "prep", "h", ",", [5400]),
    ],
)
def test_durations_have_the_decimal_sign_and_the_unit_that_the_file_has(cells, header, unit, separator, seconds):
    rows = [f"time{separator}{header}", *(f"12:00{separator}{cell}" for cell in cells)]
    text = "\n".join(row if separator != "," else row.replace("1,204.25", '"1,204.25"') for row in rows)
    records = read(text, names={"service": header}, unit=unit)
    assert [value / SECOND for value in records.service.tolist()] == seconds


def test_a_plain_number_needs_a_unit():
    assert refusal("time,service\n12:00,184\n") == "'184' has no unit; write --unit s or --unit m"
    assert refusal("time,service\n12:00,1:30\n") == "'1:30' has no unit; write --unit s or --unit m"


def test_columns_are_named_and_a_misspelt_name_is_told():
    text = "Opened,Closed,Tier\n2026-03-14 12:00,2026-03-14 12:05,gold\n"
    assert refusal(text) == "several columns hold dates or times; write --time 'Opened' or --time 'Closed'"
    assert refusal(text, names={"time": "Opend"}) == "has no column 'Opend'; did you mean 'Opened'?"
    records = read(text, names={"time": "opened"})
    assert records.suggestions == [
        "column 'Tier' may say the class: --class 'Tier'",
        "column 'Closed' may say when an order was complete: --done 'Closed'",
    ]
    assert records.order_class.tolist() == [OrderClass.NORMAL]
    assert refusal("a,b\nx,y\n") == "no column holds dates or times; name it with --time COLUMN, one of a, b"


def test_the_words_of_classes_are_asked_for():
    text = "time,Tier\n12:00,gold\n12:01,silver\n12:02,silver\n"
    names = {"class": "Tier"}
    message = "column 'Tier' holds 'silver' (2), 'gold' (1); say which are VIPs, such as --vip WORD"
    assert refusal(text, names=names) == message
    words = ClassWords(("Gold",))
    assert read(text, names=names, words=words).order_class.tolist() == [0, 1, 1]
    message = "column 'Tier' never says 'golden'; did you mean 'gold'?"
    assert refusal(text, names=names, words=ClassWords(("golden",))) == message
    both = read(text + "12:03,bronze\n", names=names, words=ClassWords(("gold",), ("silver",)))
    assert [str(fault) for fault in both.faults] == [
        "till.csv:5:7: Tier: 'bronze' is not among the words of classes; add it"
    ]


def test_items_of_one_order_are_one_order():
    text = "Order ID,time,service,class\n7,12:00,2m,NORMAL\n7,12:00,5m,VIP\n8,12:00,1m,NORMAL\n"
    records = read(text)
    assert len(records) == 2
    assert records.service.tolist() == [300 * SECOND, 60 * SECOND]
    assert records.order_class.tolist() == [OrderClass.VIP, OrderClass.NORMAL]
    assert records.notes == ["3 rows are items of 2 orders, by 'Order ID'; an order takes as long as its longest item"]


def test_a_number_that_comes_again_on_another_day_is_another_order():
    assert len(read("Order ID,time\n7,2026-03-14 12:00\n7,2026-03-15 12:00\n")) == 2


def test_rows_that_look_like_items_are_asked_about():
    rows = "".join(f"{order},2026-03-14 12:{order:02d}\n" * 3 for order in range(20))
    records = read("Bon,time\n" + rows)
    assert len(records) == 60
    assert records.suggestions == ["rows with one 'Bon' have one time; are they items of one order? --id 'Bon'"]


def test_cancelled_orders_count_until_they_are_skipped_and_a_line_says_so():
    text = "time,State\n2026-03-14 12:00,Completed\n2026-03-14 12:05,Cancelled\n2026-03-14 12:07,VOID\n"
    assert read(text).suggestions == [
        "1 row with 'Cancelled' counted as orders; to leave them out: --skip 'State=Cancelled'",
        "1 row with 'VOID' counted as orders; to leave them out: --skip 'State=VOID'",
    ]
    skipped = read(text, skip=(("State", "cancelled"), ("state", "void")))
    assert len(skipped) == 1
    assert skipped.suggestions == []


def test_started_done_and_left_are_instants_of_the_same_day_or_the_next():
    text = "time,started,done,Outcome\n2026-03-14 23:50,23:55,00:10,AGENT\n2026-03-14 23:51,00:00,23:58,HANG\n"
    records = read(text, names={"left": "Outcome=HANG"})
    waits = records.started - records.time
    assert waits.tolist()[0] == 300 * SECOND
    assert (records.completed - records.time).tolist()[0] == 1200 * SECOND
    assert (records.gone - records.time).tolist()[1] == 420 * SECOND
    assert records.gone[0] == records.started[1] == records.completed[1] == NONE


def test_rows_that_are_to_be_skipped_are_counted():
    text = "time,Status\n12:00,ok\n12:01,Cancelled\n12:02,ok\n"
    records = read(text, skip=[("status", "cancelled")])
    assert len(records) == 2
    assert records.notes == ["1 row with Status=cancelled skipped"]


def test_a_row_that_cannot_be_read_is_a_fault_with_its_place():
    text = "time,service,x\n12:00,5s,1\nTotal,,3\n12:01,-4s,1\n12:02,5s\n,5s,2\n"
    records = read(text)
    assert len(records) == 1
    assert records.rows == 5
    assert sorted(map(str, records.faults)) == [
        "till.csv:3:1: time: 'Total' is not a date or time; write one such as 2026-03-01 18:05:00",
        "till.csv:4:7: service: '-4s' is negative; write 0s or a longer duration",
        "till.csv:5:1: holds 2 values, and the header 3; correct this row",
        "till.csv:6:1: time: is empty; say when the order came",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; export it again, with a header"),
        ("time,x\n", "has no row below its header 'time,x'; export it again"),
        ("Date,x\n2026-03-14,1\n", "column 'Date' has dates without a time of day; name another with --time COLUMN"),
    ],
)
def test_a_file_without_orders_is_refused(text, message):
    assert refusal(text) == message
