//! Who is who among the hosts: the main one, on which people sign in, and those that add-ons have to themselves.

use super::addon::Addon;
use super::settings::Settings;
use crate::ids::PublicUrl;

impl Settings {
    /// The origin on which people sign in: the first of `[listen] public_urls` whose host is not an add-on's own.
    /// Without one, each host has a sign-in page of its own.
    pub fn main_origin(&self) -> Option<&PublicUrl> {
        self.listen.public_urls.iter().find(|url| !self.is_own_host(&url.host))
    }

    /// The hosts that add-ons have to themselves.
    pub fn own_hosts(&self) -> Vec<String> {
        self.routed().filter_map(|addon| addon.route.host.as_ref()).map(|host| host.as_str().to_owned()).collect()
    }

    /// Whether an add-on has this host to itself.
    pub fn is_own_host(&self, host: &str) -> bool {
        self.routed().any(|addon| addon.route.host.as_ref().is_some_and(|own| own.as_str() == host))
    }

    /// The origin of an add-on's own host: as `public_urls` has it, else with the port of `otherwise`.
    pub fn own_origin(&self, addon: &Addon, otherwise: u16) -> Option<String> {
        let host = addon.route.host.as_ref()?.as_str();
        let listed = self.listen.public_urls.iter().find(|url| url.host == host);
        Some(listed.cloned().unwrap_or_else(|| PublicUrl { host: host.to_owned(), port: otherwise }).origin())
    }
}
