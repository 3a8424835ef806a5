//! What a request is called beyond the relay: its trace in the sense of W3C Trace Context
//! (<https://www.w3.org/TR/trace-context/>).
//!
//! A request without a trace of its sender's is called by the bits of its receipt's id: a trace id and a receipt's id
//! both have 128 bits. So the store keeps a trace only if the sender gave one.

use std::fmt;

use crate::id::{DeliveryId, ReceiptId};

/// Characters of version 00: `00-<32>-<16>-<2>`.
const WRITTEN: usize = 55;
/// The flag that a caller may have recorded the trace.
const SAMPLED: u8 = 1;

/// A trace that requests belong to. Shown, it is 32 hexadecimal digits: the id of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Never 0.
    id: u128,
    /// As in the header; only [`SAMPLED`] has a meaning.
    flags: u8,
}

impl Trace {
    /// The trace of a request whose sender gave none. It counts as sampled: a service that decides by this flag would
    /// otherwise record nothing of a request that it records without the header.
    pub fn of_receipt(receipt: ReceiptId) -> Self {
        Self { id: u128::from_be_bytes(receipt.to_bytes()), flags: SAMPLED }
    }

    /// The trace of a delivery that follows from no request: an operator or the time caused it.
    pub fn of_delivery(delivery: DeliveryId) -> Self {
        Self { id: u128::from_be_bytes(delivery.to_bytes()), flags: SAMPLED }
    }

    /// The trace that a header `traceparent` of version 00 names; none if it is not valid.
    pub fn of_header(value: &str) -> Option<Self> {
        Caller::of_header(value).map(|caller| caller.trace)
    }

    /// Its id, as 16 bytes.
    pub const fn to_bytes(&self) -> [u8; 16] {
        self.id.to_be_bytes()
    }

    /// Whether the caller may have recorded it.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same trace; whether it is recorded is `is_sampled`.
    #[must_use]
    pub const fn sampled(self, is_sampled: bool) -> Self {
        Self { flags: if is_sampled { SAMPLED } else { 0 }, ..self }
    }

    /// The header `traceparent` of a request that belongs to it. `span` is that request's own id, not 0.
    pub fn header(&self, span: u64) -> String {
        format!("00-{self}-{span:016x}-{:02x}", self.flags)
    }
}

/// What a sender says about its own step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The trace.
    pub trace: Trace,
    /// The id of the sender's step. Never 0.
    pub span: u64,
}

impl Caller {
    /// What a header `traceparent` of version 00 says; none if it is not valid.
    pub fn of_header(value: &str) -> Option<Self> {
        if value.len() != WRITTEN || !value.is_ascii() {
            return None;
        }
        let mut parts = value.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && (version, id.len(), parent.len()) == ("00", 32, 16);
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !is_whole || ![id, parent, flags].into_iter().flat_map(str::bytes).all(is_digit) {
            return None;
        }
        let (id, span) = (u128::from_str_radix(id, 16).ok()?, u64::from_str_radix(parent, 16).ok()?);
        let flags = u8::from_str_radix(flags, 16).ok()? & SAMPLED;
        (id != 0 && span != 0).then_some(Self { trace: Trace { id, flags }, span })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.id)
    }
}

impl<C> minicbor::Encode<C> for Trace {
    /// As 17 bytes: the id, the flags.
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let mut bytes = [0; 17];
        let (id, flags) = bytes.split_at_mut(16);
        id.copy_from_slice(&self.id.to_be_bytes());
        flags.fill(self.flags);
        e.bytes(&bytes)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Trace {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let wrong = || minicbor::decode::Error::message("a trace has 17 bytes");
        let (flags, id) = d.bytes()?.split_last().ok_or_else(wrong)?;
        let id = id.try_into().map_err(|_| wrong())?;
        Ok(Self { id: u128::from_be_bytes(id), flags: *flags })
    }
}

/// The request that something follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its receipt.
    pub receipt: ReceiptId,
    /// The trace that its sender gave.
    pub given: Option<Trace>,
}

impl Origin {
    /// The trace of the request.
    pub fn trace(&self) -> Trace {
        self.given.unwrap_or_else(|| Trace::of_receipt(self.receipt))
    }
}
