//! The numbers of certificates that are ordered. Their label is a name of the configuration.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderResult {
    /// With a certificate.
    Success,
    /// Without.
    Failure,
}

/// What is known of a certificate that is ordered, in seconds since 1970; 0 where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcmeGauges {
    /// When it ends.
    pub not_after: i64,
    /// When it was ordered by this process.
    pub last_success: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DomainLabel {
    domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OrderLabel {
    domain: String,
    result: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct AcmeFamilies {
    orders: Family<OrderLabel, Counter>,
    not_after: Family<DomainLabel, Gauge>,
    last_success: Family<DomainLabel, Gauge>,
}

impl AcmeFamilies {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register("acme_orders", "Certificates that were ordered", self.orders.clone());
        let help = "When a certificate that is ordered ends, in seconds since 1970; 0 while there is none";
        to.register_with_unit("acme_certificate_not_after", help, Unit::Seconds, self.not_after.clone());
        let help = "When this process has ordered a certificate last, in seconds since 1970; 0 while it has not";
        to.register_with_unit("acme_last_success", help, Unit::Seconds, self.last_success.clone());
    }

    pub(super) fn ordered(&self, domain: &str, result: OrderResult) {
        let result = match result {
            OrderResult::Success => "success",
            OrderResult::Failure => "failure",
        };
        self.orders.get_or_create(&OrderLabel { domain: domain.to_owned(), result }).inc();
    }

    pub(super) fn set(&self, domain: &str, gauges: AcmeGauges) {
        let label = DomainLabel { domain: domain.to_owned() };
        self.not_after.get_or_create(&label).set(gauges.not_after);
        self.last_success.get_or_create(&label).set(gauges.last_success);
    }

    /// Names that are ordered no longer have no numbers.
    pub(super) fn clear(&self) {
        self.not_after.clear();
        self.last_success.clear();
    }
}
