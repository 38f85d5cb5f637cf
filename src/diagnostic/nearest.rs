//! "Did you mean": the known word that is nearest to an unknown one.

/// The nearest of `known`, if one is near enough that it may have been meant: a third of its letters may be wrong.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word of a mile is not a slip of the pen, and the comparison is quadratic.
    if word.len() > 64 {
        return None;
    }
    let length = word.chars().count();
    let near = |candidate: &str| {
        let letters = candidate.chars().count();
        let most = (letters / 3).max(1);
        // Whatever else is wrong with it, so many letters are missing or too many.
        if letters.abs_diff(length) > most {
            return None;
        }
        let wrong = distance(word, candidate);
        (wrong <= most).then_some(wrong)
    };
    let candidates = known.into_iter().filter_map(|candidate| Some((near(candidate)?, candidate)));
    candidates.min_by_key(|(wrong, _)| *wrong).map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour to make one word of the other
/// (optimal string alignment), upper and lower case and `-` and `_` being alike.
fn distance(a: &str, b: &str) -> usize {
    let letters = |word: &str| -> Vec<char> {
        word.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut two_above: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, &to) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX);
            let mut least = at(&above, j).saturating_add(usize::from(from != to));
            least = least.min(at(&above, j.saturating_add(1)).saturating_add(1)).min(at(&row, j).saturating_add(1));
            let previous = |word: &[char], k: usize| k.checked_sub(1).and_then(|k| word.get(k).copied());
            if previous(&a, i) == Some(to) && previous(&b, j) == Some(from) {
                least = least.min(at(&two_above, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(least);
        }
        two_above = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_word() {
        let known = ["idle_timeout", "absolute_timeout", "store", "per_user"];
        assert_eq!(nearest("idle-timeout", known), Some("idle_timeout"));
        assert_eq!(nearest("stroe", known), Some("store"));
        assert_eq!(nearest("IdleTimeout", known), Some("idle_timeout"));
        assert_eq!(nearest("absolut_timeout", known), Some("absolute_timeout"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }

    #[test]
    fn swapped_neighbours_are_one_mistake() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
