//! The tables of a configuration whose entries have names.

/// A table of named things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// `[sources.<name>]`
    Sources,
    /// `[connections.<name>]`
    Connections,
    /// `[actions.<name>]`
    Actions,
}

impl Kind {
    /// The table's name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The word for one of them.
    pub const fn one(self) -> &'static str {
        match self {
            Self::Sources => "source",
            Self::Connections => "connection",
            Self::Actions => "action",
        }
    }

    /// The path of the one with this name: `sources.jira`.
    pub fn path(self, name: &str) -> String {
        format!("{}.{name}", self.as_str())
    }
}
