//! Names of the configuration: of sources, actions and connections.
//!
//! Never checks one: which characters a name may have is the configuration's to say.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use crate::kinds::kinds;

kinds! {
    Name:
    /// The kind of a source's name.
    OfSource,
    /// A source's name.
    SourceName;
    /// The kind of an action's name.
    OfAction,
    /// An action's name.
    ActionName;
    /// The kind of a connection's name.
    OfConnection,
    /// A connection's name.
    ConnectionName;
}

/// A name. The compiler refuses one of one kind in place of one of another. Reads as a text everywhere else.
pub struct Name<K>(String, PhantomData<K>);

impl<K> Name<K> {
    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K> Deref for Name<K> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<K> Borrow<str> for Name<K> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<K> From<&str> for Name<K> {
    fn from(name: &str) -> Self {
        Self(name.to_owned(), PhantomData)
    }
}

impl<K> From<String> for Name<K> {
    fn from(name: String) -> Self {
        Self(name, PhantomData)
    }
}

impl<K> From<&String> for Name<K> {
    fn from(name: &String) -> Self {
        Self(name.clone(), PhantomData)
    }
}

impl<K> From<Name<K>> for String {
    fn from(name: Name<K>) -> Self {
        name.0
    }
}

impl<K> Clone for Name<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> PartialEq for Name<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Name<K> {}

impl<K> PartialEq<str> for Name<K> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl<K> PartialEq<&str> for Name<K> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<K> PartialEq<String> for Name<K> {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl<K> PartialEq<Name<K>> for str {
    fn eq(&self, other: &Name<K>) -> bool {
        *self == other.0
    }
}

impl<K> PartialEq<Name<K>> for &str {
    fn eq(&self, other: &Name<K>) -> bool {
        **self == other.0
    }
}

impl<K> PartialEq<Name<K>> for String {
    fn eq(&self, other: &Name<K>) -> bool {
        *self == other.0
    }
}

impl<K> PartialOrd for Name<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Name<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> Hash for Name<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> fmt::Display for Name<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<K> fmt::Debug for Name<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<C, K> minicbor::Encode<C> for Name<K> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C, K> minicbor::Decode<'b, C> for Name<K> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(d.str()?.into())
    }
}
