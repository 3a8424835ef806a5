//! Kinds of ids and names: types that have no value and tell one id or name from another.

/// Makes each kind, and the type `$of` of that kind.
macro_rules! kinds {
    ($of:ident: $($(#[doc = $doc:literal])+ $kind:ident, $(#[doc = $named_doc:literal])+ $named:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {}

        $(#[doc = $named_doc])+
        pub type $named = $of<$kind>;
    )+};
}

pub(crate) use kinds;
