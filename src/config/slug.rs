//! What a bad slug's finding says.

use super::findings::Explained;
use super::settings::BadSlug;

impl Explained for BadSlug {
    fn expected(&self) -> &'static str {
        "expected a short name"
    }

    fn hint(&self) -> String {
        "write it as Home Assistant does, as in \"zigbee2mqtt\"; `title` is what people read".into()
    }
}
