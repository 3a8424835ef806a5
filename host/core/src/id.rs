//! Identifiers: time-ordered, 128 bits, written as 26 characters (the ULID layout).
//!
//! Never makes one out of nothing: time and randomness come in as arguments.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::str::FromStr;

/// How much earlier than what it names an id may be made, in milliseconds: a request has its id before its body is there.
pub const EARLIER_MS: u64 = 1000;

use crate::kinds::kinds;
use crate::time::Timestamp;

/// Crockford's base 32: no I, L, O or U, so that an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a written id.
const WRITTEN: usize = 26;
/// Bits below the 48 bits of milliseconds.
const RANDOM_BITS: u32 = 80;
/// Bits of these that are the microseconds of the millisecond.
const MICROS_BITS: u32 = 10;

/// What an id is of. The compiler refuses an id of one kind in place of one of another:
///
/// ```compile_fail,E0308
/// use tocsin_core::id::{DeliveryId, IncidentId};
///
/// let incident = IncidentId::from_bytes([7; 16]);
/// let delivery: DeliveryId = incident;
/// ```
pub trait Kind: Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {}

kinds! {
    Id:
    /// The kind of an incident's id.
    OfIncident,
    /// An incident's identity.
    IncidentId;
    /// The kind of a delivery's id.
    OfDelivery,
    /// A delivery's identity.
    DeliveryId;
    /// The kind of a receipt's id.
    OfReceipt,
    /// A receipt's identity.
    ReceiptId;
    /// The kind of an id of which is not known what it is of.
    OfAny,
    /// An id that may be of anything: one that stands in somebody's text, or in a key that is only shown.
    AnyId;
}

impl Kind for OfIncident {}
impl Kind for OfDelivery {}
impl Kind for OfReceipt {}
impl Kind for OfAny {}

/// An identity: 48 bits of milliseconds, 10 bits of microseconds, then 70 random bits. Its order, as number and as text,
/// is the order of creation to the microsecond: what is kept under ids grows at its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K: Kind>(u128, PhantomData<K>);

impl<K: Kind> Id<K> {
    const fn of_number(number: u128) -> Self {
        Self(number, PhantomData)
    }

    /// The id made at `at` with the low 70 bits of `random`. Times before 1970 count as 1970.
    pub fn new(at: Timestamp, random: u128) -> Self {
        let micros = u128::try_from(at.micros()).unwrap_or(0);
        let (millis, micros) = ((micros / 1000) & ((1 << 48) - 1), micros % 1000);
        let random_bits = RANDOM_BITS - MICROS_BITS;
        let random = random & ((1 << random_bits) - 1);
        Self::of_number((millis << RANDOM_BITS) | (micros << random_bits) | random)
    }

    /// The `n`th id that follows from this one, of any kind: same millisecond, random part counted up. Lets one entry
    /// of the journal name several things without more randomness.
    pub fn successor<L: Kind>(self, n: u32) -> Id<L> {
        let mask = (1 << RANDOM_BITS) - 1;
        let random = (self.0 & mask).wrapping_add(u128::from(n)) & mask;
        Id::of_number((self.0 & !mask) | random)
    }

    /// As 16 bytes whose order is the ids' order.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id that [`Id::to_bytes`] gave these bytes for.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::of_number(u128::from_be_bytes(bytes))
    }

    /// When it was made, to the millisecond.
    pub fn at(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(0);
        Timestamp::from_micros(millis * 1000)
    }
}

impl AnyId {
    /// Read as the id of this kind.
    pub const fn read_as<K: Kind>(self) -> Id<K> {
        Id::of_number(self.0)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; WRITTEN];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: expected 26 characters of 0-9 and A-Z without I, L, O, U")]
pub struct InvalidId(String);

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;

    /// Lower case is accepted.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId(text.chars().take(40).collect());
        if text.len() != WRITTEN || text.as_bytes()[0] > b'7' {
            return Err(invalid());
        }
        text.bytes()
            .try_fold(0u128, |value, byte| {
                let digit = ALPHABET.iter().position(|c| *c == byte.to_ascii_uppercase())?;
                Some((value << 5) | digit as u128)
            })
            .map(Self::of_number)
            .ok_or_else(invalid)
    }
}

impl<C, K: Kind> minicbor::Encode<C> for Id<K> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C, K: Kind> minicbor::Decode<'b, C> for Id<K> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?.try_into();
        bytes.map(Self::from_bytes).map_err(|_| minicbor::decode::Error::message("an id has 16 bytes"))
    }
}
