use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Said on Saturday, 2026-02-14.
fn check(said: &str, want: &str) {
    assert_eq!(absolute(said, date(2026, 2, 14)), want, "`{said}`");
}

/// Nothing is changed in it.
fn stays(said: &str) {
    check(said, said);
}

#[test]
fn words_for_a_day_become_its_date() {
    check("deployed yesterday", "deployed on 2026-02-13");
    check("Deployed yesterday, works today.", "Deployed on 2026-02-13, works on 2026-02-14.");
    check("Yesterday we moved to rosa", "On 2026-02-13 we moved to rosa");
    check("Today: fixed the proxy", "2026-02-14: fixed the proxy");
    check("Done. Tomorrow I rotate the key", "Done. On 2026-02-15 I rotate the key");
    check("down since yesterday, back by tomorrow.", "down since 2026-02-13, back by 2026-02-15.");
    check("It broke (yesterday) and again today", "It broke (2026-02-13) and again on 2026-02-14");
    check("before yesterday and tomorrow", "before 2026-02-13 and 2026-02-15");
    check("the day before yesterday", "the day before 2026-02-13");
    check("- **yesterday** it rained", "- **on 2026-02-13** it rained");
}

#[test]
fn weeks_weekdays_and_spans() {
    check("agreed last week", "agreed in the week of 2026-02-02");
    check("since last week", "since the week of 2026-02-02");
    check("we ship next week.", "we ship in the week of 2026-02-16.");
    check("the review is next Monday", "the review is 2026-02-16");
    check("Next Monday we ship; last Sunday it broke", "On 2026-02-16 we ship; on 2026-02-08 it broke");
    check("fine since last Sunday", "fine since 2026-02-08");
    check("fixed 3 days ago and two weeks ago", "fixed on 2026-02-11 and two weeks ago");
    check("fixed two weeks ago", "fixed around 2026-01-31");
    check("The certificate expires in 3 days", "The certificate expires on 2026-02-17");
    check("It must be renewed in a week", "It must be renewed around 2026-02-21");
}

#[test]
fn french_days() {
    check("déployé hier sur le serveur", "déployé le 2026-02-13 sur le serveur");
    check("Hier nous avons déployé", "Le 2026-02-13 nous avons déployé");
    check("depuis hier", "depuis le 2026-02-13");
    check("fait aujourd'hui, revu aujourd’hui", "fait le 2026-02-14, revu le 2026-02-14");
    check("à faire demain", "à faire le 2026-02-15");
    check("jusqu'à demain", "jusqu'à 2026-02-15");
    stays("Der Schlüssel liegt hier, und hier auch");
    stays("De sleutel ligt hier");
    stays("avant-hier, après-demain, d'hier");
}

#[test]
fn in_doubt_the_words_stay() {
    for said in [
        "run `yesterday` or ``a ` today``",
        "an open `tick: deployed today` is code",
        "today's build, yesterday’s log",
        "see today.md, /tmp/today, today_2, to-today, #today, @today, https://a.org/today/ x",
        "[today](today/x) and [[yesterday]]",
        "the song Yesterday by the Beatles",
        "Yesterday by the Beatles",
        "Yesterday",
        "USA Today wrote it",
        "she said \"we deployed yesterday\" and “yesterday” and «hier le soir»",
        "a today widget, the today view, press today button",
        "it took 3 days; we built it in 3 days",
        "more than 3 days ago, 2 or 3 days ago, 2-3 days ago, 0.3 days ago, 9999 days ago",
        "the last week was long",
        "yesterdays todaysomething",
        "昨日 today語",
    ] {
        stays(said);
    }
    // said on Monday, this week's Friday or that of the week after; said on Saturday, it is clear
    assert_eq!(absolute("next Friday", date(2026, 2, 9)), "next Friday");
    assert_eq!(absolute("next Friday", date(2026, 2, 14)), "on 2026-02-20");
    assert_eq!(absolute("last Tuesday", date(2026, 2, 14)), "last Tuesday");
    assert_eq!(absolute("last Friday", date(2026, 2, 9)), "on 2026-02-06");
    assert_eq!(absolute("tomorrow", Date::MAX), "tomorrow");
}

proptest! {
    #[test]
    fn a_text_without_such_words_is_left_alone(text in "[\\PC\\n`\"“«\\[\\]()<>:/]{0,80}") {
        prop_assume!(!text.to_lowercase().contains("day") && !text.contains("week") && !text.contains("hi") && !text.contains("demain"));
        prop_assert_eq!(absolute(&text, date(2026, 2, 14)), text);
    }

    #[test]
    fn once_is_enough(parts in proptest::collection::vec(prop_oneof![
        Just("yesterday"), Just("Today"), Just("hier"), Just("le"), Just("last week"), Just("3 days ago"), Just("next"), Just("`"), Just("\""),
        Just("(tomorrow)"), Just("is"), Just(","), Just("."), Just("語"), Just("“"), Just("„x“"), Just("«"),
    ], 0..12)) {
        let once = absolute(&parts.join(" "), date(2026, 2, 14));
        prop_assert!(once.chars().filter(|c| *c == '`').count() == parts.iter().filter(|part| **part == "`").count());
    }
}
