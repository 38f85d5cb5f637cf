//! The icons of Material Design that are embedded: in comes a name, as in `mdi:zigbee`, out comes its path.
//!
//! Only a few hundred of the seven thousand that there are, those that are used for add-ons. `mdi.txt` has them, from
//! the npm package @mdi/svg, whose licence lies beside it, and `pick.mjs` adds one. Nothing here reads a file.

/// The path of an icon, drawn on a board of 24 by 24. `name` is without `mdi:`.
pub fn path(name: &str) -> Option<&'static str> {
    lines().find(|(known, _)| *known == name).map(|(_, path)| path)
}

/// The names of all of them, without `mdi:`.
pub fn names() -> impl Iterator<Item = &'static str> {
    lines().map(|(name, _)| name)
}

/// The icon of an add-on that names none, or one that is not here.
pub const FALLBACK: &str = "puzzle";

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("mdi.txt").lines().filter_map(|line| line.split_once(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_icon_is_a_name_and_a_path_that_no_page_could_take_for_anything_else() {
        let mut count = 0;
        for (name, path) in lines() {
            count += 1;
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"., -".contains(&b);
            assert!(path.starts_with(['M', 'm']) && path.bytes().all(legal), "{name}: {path}");
        }
        assert_eq!(count, include_str!("mdi.txt").lines().count());
        assert!(path(FALLBACK).is_some() && path("zigbee").is_some());
        assert_eq!(path("no-such-icon"), None);
    }
}
