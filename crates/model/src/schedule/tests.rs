//! Examples with dates that went wrong elsewhere, and laws over random ones.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn read(json: &str) -> Scheduling {
    Scheduling::parse(json).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The next runs, as the clocks of Paris show them.
fn check(json: &str, after: &str, expected: &[&str]) {
    let (scheduling, zone) = (read(json), zone("Europe/Paris"));
    let mut runs = Vec::new();
    let mut last = at(after);
    while runs.len() < expected.len().max(1) {
        let Some(next) = next_run(&scheduling, &zone, last) else { break };
        assert!(next > last);
        let (local, offset) = (zone.to_datetime(next), zone.to_offset(next));
        runs.push(format!("{} {:+03}:00", local.strftime("%Y-%m-%d %H:%M:%S"), offset.seconds() / 3600));
        last = next;
    }
    assert_eq!(runs, expected, "{json}");
}

#[test]
fn every_type_is_due_when_it_says() {
    let after = "2026-11-24T08:30:00Z";
    check(r#"{"type":"immediately"}"#, after, &[]);
    check(r#"{"type":"on-demand"}"#, after, &[]);
    check(r#"{"type":"indefinitely","interval":900}"#, after, &["2026-11-24 09:45:00 +01:00"]);
    check(r#"{"type":"once","date":"2026-11-24T09:00:00Z"}"#, after, &["2026-11-24 10:00:00 +01:00"]);
    check(r#"{"type":"once","date":"2026-11-24T10:00:00"}"#, after, &["2026-11-24 10:00:00 +01:00"]);
    check(r#"{"type":"once","date":"2026-11-24T08:30:00Z"}"#, after, &[]);
    check(r#"{"type":"daily","time":"09:30"}"#, after, &["2026-11-25 09:30:00 +01:00", "2026-11-26 09:30:00 +01:00"]);
    // The 24th is a Tuesday.
    check(
        r#"{"type":"weekly","days":[0,2],"time":"10:00"}"#,
        after,
        &["2026-11-24 10:00:00 +01:00", "2026-11-29 10:00:00 +01:00", "2026-12-01 10:00:00 +01:00"],
    );
    check(
        r#"{"type":"yearly","months":[12],"days":[24,25],"time":"6:05"}"#,
        after,
        &["2026-12-24 06:05:00 +01:00", "2026-12-25 06:05:00 +01:00", "2027-12-24 06:05:00 +01:00"],
    );
}

#[test]
fn the_31st_is_skipped_in_short_months() {
    check(
        r#"{"type":"monthly","days":[31],"time":"12:00"}"#,
        "2026-10-31T12:00:00Z",
        &["2026-12-31 12:00:00 +01:00", "2027-01-31 12:00:00 +01:00", "2027-03-31 12:00:00 +02:00"],
    );
}

#[test]
fn a_leap_day_comes_in_leap_years_and_31_february_never() {
    check(
        r#"{"type":"yearly","months":[2],"days":[29],"time":"00:00"}"#,
        "2026-11-24T00:00:00Z",
        &["2028-02-29 00:00:00 +01:00", "2032-02-29 00:00:00 +01:00"],
    );
    check(r#"{"type":"yearly","months":[2],"days":[30,31],"time":"00:00"}"#, "2026-11-24T00:00:00Z", &[]);
    // 2100 is none: the rarest date lies 40 years ahead and is found.
    check(
        r#"{"type":"yearly","months":[2],"days":[29],"time":"00:00","restrict":[{"days":[1]}]}"#,
        "2072-03-01T00:00:00Z",
        &["2112-02-29 00:00:00 +01:00"],
    );
}

#[test]
fn a_time_that_the_clocks_skip_moves_forward_by_the_gap() {
    check(
        r#"{"type":"daily","time":"02:30"}"#,
        "2026-03-28T00:00:00Z",
        &["2026-03-28 02:30:00 +01:00", "2026-03-29 03:30:00 +02:00", "2026-03-30 02:30:00 +02:00"],
    );
}

#[test]
fn a_time_that_the_clocks_show_twice_is_due_once_the_first_time() {
    check(
        r#"{"type":"daily","time":"02:30"}"#,
        "2026-10-24T12:00:00Z",
        &["2026-10-25 02:30:00 +02:00", "2026-10-26 02:30:00 +01:00"],
    );
}

#[test]
fn an_interval_goes_on_evenly_over_the_change_of_the_clocks() {
    check(
        r#"{"type":"indefinitely","interval":3600}"#,
        "2026-10-24T23:30:00Z",
        &["2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00", "2026-10-25 03:30:00 +01:00"],
    );
}

#[test]
fn windows_start_and_end_bound_every_type() {
    // Friday afternoon: goes on when the window opens on Monday.
    check(
        r#"{"type":"indefinitely","interval":1800,"restrict":[{"days":[1,2,3,4,5],"time":["09:00","17:00"]}]}"#,
        "2026-11-27T15:45:00Z",
        &["2026-11-30 09:00:00 +01:00", "2026-11-30 09:30:00 +01:00"],
    );
    // Past midnight.
    check(
        r#"{"type":"indefinitely","interval":14400,"restrict":[{"time":["22:00","02:00"]}]}"#,
        "2026-11-24T20:00:00Z",
        &["2026-11-25 01:00:00 +01:00", "2026-11-25 22:00:00 +01:00", "2026-11-26 02:00:00 +01:00"],
    );
    // In any of several.
    check(
        r#"{"type":"daily","time":"12:00","restrict":[{"months":[1]},{"days":[0]}]}"#,
        "2026-12-26T12:00:00Z",
        &["2026-12-27 12:00:00 +01:00", "2027-01-01 12:00:00 +01:00"],
    );
    check(
        r#"{"type":"daily","time":"12:00","between":["2026-12-24T12:00:00+01:00","2026-12-25T12:00:00"]}"#,
        "2026-11-24T12:00:00Z",
        &["2026-12-24 12:00:00 +01:00", "2026-12-25 12:00:00 +01:00"],
    );
    // The start is the first run at regular intervals.
    check(
        r#"{"type":"indefinitely","interval":86400,"between":["2026-12-24T06:00:00Z",null]}"#,
        "2026-11-24T12:00:00Z",
        &["2026-12-24 07:00:00 +01:00", "2026-12-25 07:00:00 +01:00"],
    );
    check(r#"{"type":"daily","time":"12:00","restrict":[{"time":["13:00","14:00"]}]}"#, "2026-11-24T12:00:00Z", &[]);
}

#[test]
fn the_end_of_time_is_no_panic() {
    for json in [
        r#"{"type":"indefinitely","interval":900}"#,
        r#"{"type":"daily","time":"09:30"}"#,
        r#"{"type":"indefinitely","interval":900,"restrict":[{"days":[1]}]}"#,
    ] {
        for zone in [TimeZone::UTC, zone("Pacific/Kiritimati"), zone("America/Adak")] {
            assert_eq!(next_run(&read(json), &zone, Timestamp::MAX), None);
            let _ = next_run(&read(json), &zone, Timestamp::MIN);
        }
    }
}

#[test]
fn reading_is_lenient_and_writing_is_exact() {
    let read_as = |json: &str, written: &str| assert_eq!(read(json).to_json(), written, "{json}");
    read_as(r#"{"type":"indefinitely"}"#, r#"{"type":"indefinitely","interval":900}"#);
    read_as(r#"{"type":"indefinitely","interval":"60"}"#, r#"{"type":"indefinitely","interval":60}"#);
    read_as(
        r#"{"time":"6:05:00","type":"Weekly","days":[5,"1",5],"x":{"y":[1.5]}}"#,
        r#"{"type":"weekly","days":[1,5],"time":"06:05","x":{"y":[1.5]}}"#,
    );
    read_as(
        r#"{"type":"monthly","days":15,"time":"23:59","between":null,"restrict":[]}"#,
        r#"{"type":"monthly","days":[15],"time":"23:59"}"#,
    );
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place() {
    let problems = |json: &str| -> Vec<String> {
        let Err(problems) = Scheduling::parse(json) else { panic!("{json} was read") };
        problems.0.into_iter().map(|problem| format!("{}: {}", problem.place, problem.message)).collect()
    };
    let several = problems(
        r#"{"type":"yearly","months":[13],"days":[],"time":"25:00","between":["x"],"restrict":[{"time":["9"]}]}"#,
    );
    assert_eq!(
        several,
        [
            "months[0]: 13 is not a whole number from 1 to 12",
            "days: is empty: choose at least one number from 1 to 31",
            "time: \"25:00\" is not a time of day such as 09:30",
            "between[0]: \"x\" is not a date with time such as 2026-11-24T09:30:00Z",
            "restrict[0].time: is not two times of day such as [\"09:00\", \"17:00\"]",
        ]
    );
    assert!(problems("{}")[0].contains("type: what is missing is none of immediately"));
    assert!(problems("[]")[0].contains("not an object"));
    assert!(problems("{")[0].contains("not JSON"));
    assert!(problems(r#"{"type":"once"}"#)[0].starts_with("date: what is missing"));
    let text = Scheduling::parse(r#"{"type":"daily","time":"x"}"#).unwrap_err().to_string();
    assert_eq!(text, "scheduling, `time`: \"x\" is not a time of day such as 09:30");
}

#[test]
fn schedules_are_said_in_words() {
    let said = |json: &str, words: &str| assert_eq!(describe(&read(json), &zone("Europe/Paris")), words);
    said(
        r#"{"type":"immediately","maximum_runs_per_minute":1}"#,
        "Immediately as data arrives, at most 1 run a minute",
    );
    said(r#"{"type":"on-demand"}"#, "On demand");
    said(r#"{"type":"indefinitely","interval":900}"#, "Every 15 minutes");
    said(r#"{"type":"indefinitely","interval":3600}"#, "Every hour");
    said(r#"{"type":"indefinitely","interval":90}"#, "Every 90 seconds");
    said(r#"{"type":"daily","time":"09:00"}"#, "Every day at 09:00");
    said(r#"{"type":"weekly","days":[1,2,3,4,5],"time":"09:00"}"#, "Every weekday at 09:00");
    said(r#"{"type":"weekly","days":[1,3,6],"time":"09:00"}"#, "Every Monday, Wednesday and Saturday at 09:00");
    said(r#"{"type":"monthly","days":[1,22,31],"time":"09:00"}"#, "On the 1st, 22nd and 31st of every month at 09:00");
    said(r#"{"type":"yearly","months":[12],"days":[24],"time":"09:00"}"#, "Every year on 24 December at 09:00");
    said(r#"{"type":"once","date":"2026-11-24T09:00:00Z"}"#, "Once, on 24 November 2026 at 10:00");
    said(
        r#"{"type":"indefinitely","interval":60,"restrict":[{"days":[1,2,3,4,5],"time":["09:00","17:00"]}],
            "between":[null,"2026-12-31T23:00:00"]}"#,
        "Every minute, only on weekdays between 09:00 and 17:00, until 31 December 2026 at 23:00",
    );
}

fn numbers(from: i8, to: i8) -> impl Strategy<Value = Vec<i8>> {
    proptest::collection::btree_set(from..=to, 1..4).prop_map(|days| days.into_iter().collect())
}

fn time() -> impl Strategy<Value = jiff::civil::Time> {
    (0i8..24, 0i8..60).prop_map(|(hour, minute)| jiff::civil::time(hour, minute, 0, 0))
}

fn instant() -> impl Strategy<Value = Timestamp> {
    // 1970 to 2100.
    (0i64..4_102_444_800, 0i32..1_000_000_000).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn scheduling() -> impl Strategy<Value = Scheduling> {
    let when = prop_oneof![
        (0u32..200_000).prop_map(|interval| When::Indefinitely { interval }),
        instant().prop_map(|at| When::Once { date: Moment::Instant(at) }),
        time().prop_map(|time| When::Daily { time }),
        (numbers(0, 6), time()).prop_map(|(days, time)| When::Weekly { days, time }),
        (numbers(1, 31), time()).prop_map(|(days, time)| When::Monthly { days, time }),
        (numbers(1, 12), numbers(1, 31), time()).prop_map(|(months, days, time)| When::Yearly { months, days, time }),
        Just(When::Immediately),
        Just(When::OnDemand),
    ];
    let window = (
        proptest::option::of(numbers(0, 6)),
        proptest::option::of(numbers(1, 12)),
        proptest::option::of((0u16..1440, 0u16..=1440)),
    );
    let window = window.prop_map(|(days, months, time)| Window {
        days: days.unwrap_or_default(),
        months: months.unwrap_or_default(),
        time,
    });
    let bound = || proptest::option::of(instant().prop_map(Moment::Instant));
    (when, bound(), bound(), proptest::collection::vec(window, 0..3)).prop_map(|(when, start, end, windows)| {
        let (start, end) = match (start, end) {
            (Some(Moment::Instant(one)), Some(Moment::Instant(other))) => {
                (Some(Moment::Instant(one.min(other))), Some(Moment::Instant(one.max(other))))
            }
            ends => ends,
        };
        Scheduling { start, end, windows, ..Scheduling::new(when) }
    })
}

proptest! {
    #[test]
    fn a_run_is_later_and_within_start_end_and_windows(
        scheduling in scheduling(),
        after in instant(),
        zone in prop_oneof![Just("Europe/Paris"), Just("America/St_Johns"), Just("Australia/Lord_Howe"),
            Just("America/Sao_Paulo"), Just("Pacific/Apia"), Just("UTC")],
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let begun = std::time::Instant::now();
        let next = next_run(&scheduling, &zone, after);
        prop_assert!(begun.elapsed() < std::time::Duration::from_millis(500), "took {:?}", begun.elapsed());
        let Some(next) = next else { return Ok(()) };
        prop_assert!(next > after);
        if let Some(Moment::Instant(start)) = scheduling.start { prop_assert!(next >= start); }
        if let Some(Moment::Instant(end)) = scheduling.end { prop_assert!(next <= end); }
        let local = zone.to_datetime(next);
        prop_assert!(scheduling.windows.is_empty() || scheduling.windows.iter().any(|window| window.holds(local)));
        // Nothing is skipped: asked from any moment between, the same run comes.
        if scheduling.is_by_clock() && !matches!(scheduling.when, When::Indefinitely { .. }) {
            let between = after.checked_add(next.duration_since(after) / 2).unwrap();
            prop_assert_eq!(next_run(&scheduling, &zone, between.min(next.checked_sub(
                jiff::SignedDuration::from_nanos(1)).unwrap())), Some(next));
        }
    }

    #[test]
    fn a_schedule_is_read_back_as_it_was_written(scheduling in scheduling()) {
        prop_assert_eq!(Scheduling::parse(&scheduling.to_json()), Ok(scheduling));
    }

    #[test]
    fn nothing_that_is_received_makes_the_reader_panic(text in "\\PC{0,60}") {
        let _ = Scheduling::parse(&text);
        let _ = Scheduling::parse(&format!(r#"{{"type":"weekly","days":[{text}],"time":"{text}"}}"#));
    }
}
