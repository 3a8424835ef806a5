//! Where a connection leads: an address, possibly with placeholders in its path or query.
//!
//! Never printed: addresses of webhooks are secrets. The host name alone may be shown.

use std::fmt;
use std::sync::Arc;

use tocsin_core::template::{TemplateError, UrlTemplate};
use tocsin_core::view::View;
use url::Url;

/// An address that is filled in for each incident.
#[derive(Clone)]
pub struct Target {
    template: Arc<UrlTemplate>,
    sample: Url,
    is_seen: bool,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or has a placeholder where none may be.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let template = UrlTemplate::parse(text)?;
        let sample = template.fixed();
        Ok(Self { template: Arc::new(template), sample, is_seen: true })
    }

    /// Stands for an address that is wrong or that this process may not see, so that what depends on the connection can
    /// be examined.
    ///
    /// # Errors
    /// None: the address is one.
    pub(super) fn unseen() -> Result<Self, TemplateError> {
        Ok(Self { is_seen: false, ..Self::parse("https://unseen.invalid/")? })
    }

    /// Whether the address is known. A relay that runs has no others.
    pub const fn is_seen(&self) -> bool {
        self.is_seen
    }

    /// The address for an incident.
    ///
    /// # Errors
    /// What its placeholders stand for cannot be in an address.
    pub fn fill(&self, view: &View<'_>) -> Result<Url, TemplateError> {
        self.template.fill(view)
    }

    /// The address for a sample incident: scheme, host and port are those of every other.
    pub fn sample(&self) -> &Url {
        &self.sample
    }

    /// Whether it is the same for every incident.
    pub fn is_fixed(&self) -> bool {
        !self.template.has_placeholders()
    }

    /// The host's name; empty when there is none.
    pub fn host(&self) -> &str {
        self.sample.host_str().unwrap_or_default()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host()).finish_non_exhaustive()
    }
}
