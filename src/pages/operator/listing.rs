//! A list that is searched and paged through, by addresses alone.

use form_urlencoded::Serializer;
use serde::Serialize;

use super::tabs::Tab;
use crate::pages::texts::{OperatorTexts, fill};

/// Which part of a list is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// What is searched for; nothing asks for all.
    pub search: String,
    /// Which page of what was found, from 0.
    pub page: usize,
    /// How many were found.
    pub count: usize,
}

impl Listing {
    /// What the query of a request asks for.
    pub fn of_query(query: &str) -> Self {
        let mut listing = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "search" => value.trim().clone_into(&mut listing.search),
                "page" => listing.page = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        listing
    }

    /// Takes this page's part of what was found.
    #[must_use]
    pub fn part<T>(&mut self, found: Vec<T>) -> Vec<T> {
        self.count = found.len();
        // Behind the last page there is none: a list that has become shorter must not look empty.
        self.page = self.page.min(self.count.saturating_sub(1) / PER_PAGE);
        found.into_iter().skip(self.page.saturating_mul(PER_PAGE)).take(PER_PAGE).collect()
    }

    /// Whether one of these has what is searched for in it, whatever its case.
    pub fn finds<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        if self.search.is_empty() {
            return true;
        }
        let wanted = self.search.to_lowercase();
        texts.into_iter().any(|text| text.to_lowercase().contains(&wanted))
    }

    /// Whether it needs more than one page.
    pub(super) fn is_long(&self) -> bool {
        self.count > PER_PAGE
    }

    pub(super) fn previous(&self, tab: Tab) -> Option<String> {
        self.page.checked_sub(1).map(|page| self.address(tab, page))
    }

    pub(super) fn next(&self, tab: Tab) -> Option<String> {
        let next = self.page.saturating_add(1);
        (next.saturating_mul(PER_PAGE) < self.count).then(|| self.address(tab, next))
    }

    /// "51 to 100 of 230".
    pub(super) fn counted(&self, texts: &OperatorTexts) -> String {
        let first = self.page.saturating_mul(PER_PAGE);
        let last = first.saturating_add(PER_PAGE).min(self.count);
        let [first, last, number] = [first.saturating_add(1), last, self.count].map(|number| number.to_string());
        if self.is_long() {
            fill(texts.shown, &[("first", &first), ("last", &last), ("number", &number)])
        } else {
            fill(texts.found, &[("number", &number)])
        }
    }

    fn address(&self, tab: Tab, page: usize) -> String {
        let mut query = Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("search", &self.search);
        }
        query.append_pair("page", &page.to_string());
        format!("{}?{}", tab.address(), query.finish())
    }
}

/// Rows of a page.
const PER_PAGE: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Language;

    #[test]
    fn a_list_is_paged_through_and_searched_whatever_the_case() {
        let mut listing = Listing::of_query("search=+Zo%C3%AB+&page=1&other=x");
        assert_eq!((listing.search.as_str(), listing.page), ("Zoë", 1));
        assert!(listing.finds(["a", "zoË's"]) && !listing.finds(["zoe"]));
        assert_eq!(listing.part((0..120).collect()), (50..100).collect::<Vec<_>>());
        let tab = Tab::Overview;
        assert_eq!(listing.previous(tab).unwrap(), format!("{}?search=Zo%C3%AB&page=0", tab.address()));
        assert_eq!(listing.next(tab).unwrap(), format!("{}?search=Zo%C3%AB&page=2", tab.address()));
        assert_eq!(listing.counted(OperatorTexts::of(Language::English)), "51 to 100 of 120");
        listing.page = usize::MAX;
        assert_eq!(listing.part((0..120).collect()), (100..120).collect::<Vec<_>>(), "the last page and not none");
        assert_eq!(listing.next(tab), None);
        assert!(listing.part(Vec::<u8>::new()).is_empty());
    }
}
