//! The numbers of Home Assistant's front. Their label is a row of the table of messages, of which there are so many and
//! no more.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabel {
    r#type: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct FrontFamilies {
    refused: Family<TypeLabel, Counter>,
}

impl FrontFamilies {
    pub(super) fn register(&self, to: &mut Registry) {
        let help = "Messages of users who are held that were refused at Home Assistant's front";
        to.register("front_refused_messages", help, self.refused.clone());
    }

    pub(super) fn refused(&self, kind: &'static str) {
        self.refused.get_or_create(&TypeLabel { r#type: kind }).inc();
    }
}
