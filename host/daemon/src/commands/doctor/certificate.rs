//! Findings about how long certificates are valid: those of destinations, and the listeners' own.

use tocsin_core::time::Timestamp;

use crate::config::Config;
use crate::operate::api::doctor::Finding;
use crate::runtime::clock;

/// What such a finding is about.
pub(super) const CERTIFICATE: &str = "certificate";
/// A certificate with fewer days left is a warning: authorities and their tools renew earlier.
const WARNING_DAYS: u64 = 14;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Looks at the certificate of the listeners, if they speak TLS and this user can read it.
pub(super) fn look(config: &Config) -> Option<Finding> {
    let own = config.tls.as_ref()?.identity.as_ref()?;
    let (place, end) = (format!("{} (tls)", own.file.display()), own.expires()?);
    const FIX: &str = "renew it, then run `tocsin reload`";
    if end < clock::time_of_day() {
        return Some(Finding::wrong(CERTIFICATE, format!("{place}: the certificate expired at {end}"), FIX));
    }
    Some(valid_until(&place, end, FIX))
}

/// The finding about a certificate that is valid until `end`. The `fix` is for one that ends soon.
pub(super) fn valid_until(place: &str, end: Timestamp, fix: &str) -> Finding {
    let days = end.ms_since(clock::time_of_day()) / DAY_MS;
    let found = format!("{place}: the certificate is valid for {days} more days");
    if days < WARNING_DAYS {
        Finding::warning(CERTIFICATE, found, fix)
    } else {
        Finding::ok(CERTIFICATE, found)
    }
}
