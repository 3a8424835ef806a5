//! When and where a view is read: what the filters for times need besides the times.
//!
//! Travels with a view's values under a name that no template can write.

use minijinja::value::Object;
use minijinja::{State, Value};

use crate::time::Timestamp;
use crate::time_zone::TimeZone;

/// The name of the [`Moment`] among a view's values.
pub(crate) const MOMENT: &str = " moment";

/// The time that counts as now, and the zone to write times in.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// When the attempt began.
    pub(crate) now: Timestamp,
    /// The action's zone.
    pub(crate) zone: TimeZone,
    /// Whether a template is only tried: then a value that is no time is a mistake.
    pub(crate) is_trial: bool,
}

impl Object for Moment {}

impl Moment {
    /// The moment of the view that is being rendered.
    pub(crate) fn of(state: &State<'_, '_>) -> Option<Self> {
        state.lookup(MOMENT)?.downcast_object_ref().cloned()
    }

    /// The moment among a view's values.
    pub(crate) fn among(values: &Value) -> Option<Value> {
        values.get_attr(MOMENT).ok().filter(|moment| !moment.is_undefined())
    }
}
