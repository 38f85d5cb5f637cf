//! What our pages say, in each language: one table for each kind of page.
//!
//! A text of which one language is missing does not compile. `{name}` in a text is filled in by [`fill`]. For another
//! language add it to [`super::Language`] and a column to `texts!` and to each table.

mod account;
mod general;
mod launcher;
mod operator;
mod refusals;
mod sign_in;

pub(super) use account::AccountTexts;
pub(super) use general::GeneralTexts;
pub(super) use launcher::LauncherTexts;
pub(super) use operator::{
    AddonTexts, ConfigurationTexts, OperatorTexts, OverviewTexts, PeopleTexts, RefusalListTexts, SessionTexts, WhyTexts,
};
pub(super) use refusals::RefusalTexts;
pub(super) use sign_in::SignInTexts;

use std::time::Duration;

use super::language::Language;

/// Declares a table: its keys, each with its English and its German text.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $english:literal | $german:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::pages) struct $name { $(pub(in crate::pages) $key: &'static str,)* }

        impl $name {
            const ENGLISH: Self = Self { $($key: $english,)* };
            const GERMAN: Self = Self { $($key: $german,)* };

            /// The table in this language.
            pub(in crate::pages) const fn of(language: $crate::pages::Language) -> &'static Self {
                match language {
                    $crate::pages::Language::English => &Self::ENGLISH,
                    $crate::pages::Language::German => &Self::GERMAN,
                }
            }

            /// Each key with its English and its German text.
            #[cfg(test)]
            pub(in crate::pages) const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $english, $german),)*];
        }
    };
}
pub(super) use texts;

/// A text with its `{name}`s filled in. What is put in is never looked at again: a user's name may have braces in it.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// A time to wait, rounded up: "12 minutes".
pub(super) fn in_words(wait: Duration, language: Language) -> String {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
    let general = GeneralTexts::of(language);
    let (number, one, many) = match seconds {
        0..=90 => (seconds, general.one_second, general.seconds),
        91..=5_400 => (seconds.div_ceil(60), general.one_minute, general.minutes),
        5_401..=172_800 => (seconds.div_ceil(3_600), general.one_hour, general.hours),
        _ => (seconds.div_ceil(86_400), general.one_day, general.days),
    };
    if number == 1 { one.to_owned() } else { fill(many, &[("number", &number.to_string())]) }
}

/// How long ago something was: "12 minutes ago".
pub(super) fn ago(since: Duration, language: Language) -> String {
    let general = GeneralTexts::of(language);
    if since < Duration::from_mins(1) {
        return general.just_now.to_owned();
    }
    fill(general.ago, &[("time", &in_words(since, language))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_text_is_there_in_every_language_and_names_the_same_things() {
        let tables = [
            GeneralTexts::ALL,
            RefusalTexts::ALL,
            SignInTexts::ALL,
            LauncherTexts::ALL,
            AccountTexts::ALL,
            OperatorTexts::ALL,
            OverviewTexts::ALL,
            AddonTexts::ALL,
            WhyTexts::ALL,
            ConfigurationTexts::ALL,
            PeopleTexts::ALL,
            RefusalListTexts::ALL,
            SessionTexts::ALL,
        ];
        for (key, english, german) in tables.into_iter().flatten() {
            assert!(!english.trim().is_empty() && !german.trim().is_empty(), "{key} says nothing");
            assert_eq!(names(english), names(german), "{key}: {english} / {german}");
        }
        let same = |(_, english, german): &&(&str, &str, &str)| english == german;
        let alike: Vec<_> = tables.into_iter().flatten().filter(same).map(|(key, ..)| *key).collect();
        assert!(alike.len() < 24, "these look untranslated: {alike:?}");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} of {b}", &[("a", "{b}"), ("b", "x")]), "{b} of x");
        assert_eq!(fill("no {c} here", &[]), "no  here");
        assert_eq!(fill("open {", &[]), "open ");
    }

    #[test]
    fn waits_are_rounded_up_and_said_in_the_unit_that_people_use() {
        let english = |millis| in_words(Duration::from_millis(millis), Language::English);
        assert_eq!(english(0), "1 second");
        assert_eq!(english(1_001), "2 seconds");
        assert_eq!(english(899_001), "15 minutes");
        assert_eq!(english(7_200_000), "2 hours");
        assert_eq!(english(259_200_000), "3 days");
        assert_eq!(in_words(Duration::from_mins(15), Language::German), "15 Minuten");
    }
}
