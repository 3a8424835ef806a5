//! Behaviours of the core, by subject.
//!
//! Never sleeps and never reads a clock: time is a number that a test counts up.

mod memory;
mod relay;

mod table;

mod aliases;
mod corrections;
mod deduplication;
mod echoes;
mod incidents;
mod late;
mod partly;

mod auto_resolve;
mod delays;
mod discards;
mod fallback;
mod forgetting;
mod lanes;
mod pauses;
mod referenced;
mod rejections;
mod repeats;
mod repeats_anew;
mod told;
mod traces;
mod triggers;
mod truth;
mod write_back;

mod follow_properties;
mod truth_properties;

mod bounds;
mod ids;
mod retries;

mod filters;
mod filters_never_true;
mod itop_templates;
mod json_templates;
mod settings;
mod template_filters;
mod template_times;
mod templates;
mod timers;
mod times;
mod url_templates;
mod values;

mod addresses;
mod paths;
mod urls;

mod purity;
