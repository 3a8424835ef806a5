//! What raw requests are compressed with: a few earlier requests of their source, since those of one source are much alike.
//!
//! A dictionary is written once, in the transaction of the request that made it due, and stays until no request that is
//! kept can need it. Never a part of the state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use tocsin_core::id::ReceiptId;
use tocsin_core::plugin::SourceRequest;
use zstd::bulk::Decompressor;

use crate::error::Fault;
use crate::record::request::{self, Dictionary};
use crate::table::Rows;
use crate::tables::{self, Definition};
use crate::{keys, rows};

/// Bytes of a request that no dictionary would make much smaller.
const SMALL: usize = 1024;
/// Requests that a dictionary is made of.
const SAMPLES: usize = 4;
/// Bytes of each of them.
const SAMPLE_BYTES: usize = 8 * 1024;
/// After how many requests a source has its second dictionary: as soon as there are a few to choose from.
const SECOND: u64 = 16;
/// After how many requests it has each further one: what it sends changes over time.
const FURTHER: u64 = 16 * 1024;
/// For how long a request may be on its way that was compressed with the dictionary before. Milliseconds.
const UNDER_WAY_MS: u64 = 60 * 60 * 1000;

/// The requests that a new dictionary is to be made of.
pub(crate) struct Sample {
    id: ReceiptId,
    source: String,
    bytes: Vec<u8>,
}

/// The newest dictionary of each source.
#[derive(Default)]
pub(crate) struct Dictionaries {
    by_source: Mutex<HashMap<String, OfSource>>,
}

#[derive(Default)]
struct OfSource {
    newest: Option<Arc<Dictionary>>,
    /// Requests since the relay started.
    requests: u64,
    /// The beginnings of the latest of them.
    latest: [Vec<u8>; SAMPLES],
}

impl Dictionaries {
    /// Those that are kept.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn kept(transaction: &ReadTransaction) -> Result<Self, Fault> {
        let table = tables::DICTIONARIES.read(transaction)?;
        let mut by_source: HashMap<String, OfSource> = HashMap::new();
        for row in table.iter()? {
            let (key, value) = row?;
            let id = rows::id(tables::DICTIONARIES, key.value(), key.value())?;
            let (source, bytes) = parts(key.value(), value.value())?;
            let newest = Some(Arc::new(Dictionary::new(id, bytes)));
            // A dictionary that is there came after the second: the next one is due after many requests.
            by_source.insert(source.to_owned(), OfSource { newest, requests: SECOND, ..OfSource::default() });
        }
        Ok(Self { by_source: Mutex::new(by_source) })
    }

    /// What a request of `source` is compressed with.
    pub(crate) fn of(&self, source: &str) -> Option<Arc<Dictionary>> {
        self.lock().get(source)?.newest.clone()
    }

    /// Takes note of the request with this receipt, as it is before it is compressed. What the next dictionary is to be made
    /// of, if one is due.
    pub(crate) fn note(&self, id: ReceiptId, source: &str, plain: &[u8]) -> Option<Sample> {
        if plain.len() < SMALL {
            return None;
        }
        let mut by_source = self.lock();
        let of_source = by_source.entry(source.to_owned()).or_default();
        of_source.requests += 1;
        let count = of_source.requests;
        let part = usize::try_from(count % SAMPLES as u64).unwrap_or(0);
        let sample = of_source.latest.get_mut(part)?;
        sample.clear();
        sample.extend_from_slice(&plain[..plain.len().min(SAMPLE_BYTES)]);
        let is_due = count == 1 || count == SECOND || count.is_multiple_of(FURTHER);
        is_due.then(|| Sample { id, source: source.to_owned(), bytes: of_source.latest.concat() })
    }

    /// Takes dictionaries that were committed into use.
    pub(crate) fn take<'s>(&self, written: impl Iterator<Item = &'s Sample>) {
        for Sample { id, source, bytes } in written {
            let newest = Some(Arc::new(Dictionary::new(*id, bytes)));
            self.lock().entry(source.clone()).or_default().newest = newest;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, OfSource>> {
        // Any state of it is a good one.
        self.by_source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a dictionary, and drops those that no request needs any more.
pub(crate) fn write(transaction: &WriteTransaction, sample: &Sample) -> Result<(), Fault> {
    let value = [keys::text(&sample.source), sample.bytes.clone()].concat();
    let mut table = tables::beside::DICTIONARIES.open(transaction)?;
    table.insert(sample.id.to_bytes().as_slice(), value.as_slice())?;
    let Some(oldest) = oldest_request(transaction)? else { return Ok(()) };
    let mut followed: Vec<ReceiptId> = Vec::new();
    let mut latest: HashMap<String, ReceiptId> = HashMap::new();
    for row in table.iter()? {
        let (key, value) = row?;
        let (id, (source, _)) =
            (rows::id(tables::DICTIONARIES, key.value(), key.value())?, parts(key.value(), value.value())?);
        let before = latest.insert(source.to_owned(), id);
        followed.extend(before.filter(|_| id.at().plus_ms(UNDER_WAY_MS) < oldest.at()));
    }
    for id in followed {
        table.remove(id.to_bytes().as_slice())?;
    }
    Ok(())
}

/// The oldest request that is kept.
fn oldest_request(transaction: &WriteTransaction) -> Result<Option<ReceiptId>, Fault> {
    let mut oldest = None;
    for table in [tables::REQUESTS, tables::REQUESTS_DEAD] {
        let first = table.look_into(transaction)?.first()?.map(|(key, _)| key.value().to_vec());
        if let Some(key) = first {
            let id = rows::id(table, &key, &key)?;
            oldest = Some(oldest.map_or(id, |oldest: ReceiptId| oldest.min(id)));
        }
    }
    Ok(oldest)
}

/// The raw request under `key`, read with the dictionary that it needs.
pub(crate) fn request(
    requests: &impl Rows,
    table: Definition,
    dictionaries: &impl Rows,
    key: &[u8],
) -> Result<Option<SourceRequest>, Fault> {
    let Some(value) = requests.get(key)? else { return Ok(None) };
    read(table, key, value.value(), dictionaries).map(Some)
}

/// Reads this row of a table of raw requests.
pub(crate) fn read(
    table: Definition,
    key: &[u8],
    value: &[u8],
    dictionaries: &impl Rows,
) -> Result<SourceRequest, Fault> {
    let dictionary = match request::dictionary_of(value) {
        Some(id) => contents(dictionaries, id)?,
        None => None,
    };
    request::unpack(value, dictionary.as_deref()).map_err(|problem| rows::fault(table, key, problem))
}

/// Reads many rows of raw requests: what one dictionary needs is made ready once for the rows that follow one another.
#[derive(Default)]
pub(crate) struct Reader {
    /// For requests with this dictionary, or with none.
    ready: Option<(Option<ReceiptId>, Decompressor<'static>)>,
}

impl Reader {
    /// Reads this row of a table of raw requests.
    pub(crate) fn read(
        &mut self,
        table: Definition,
        key: &[u8],
        value: &[u8],
        dictionaries: &impl Rows,
    ) -> Result<SourceRequest, Fault> {
        let fault = |problem| rows::fault(table, key, problem);
        let id = request::dictionary_of(value);
        let decompressor = match self.ready.take() {
            Some((other, decompressor)) if other == id => decompressor,
            _ => {
                let dictionary = id.map(|id| contents(dictionaries, id)).transpose()?.flatten();
                request::decompressor(value, dictionary.as_deref()).map_err(fault)?
            }
        };
        let (_, decompressor) = self.ready.insert((id, decompressor));
        request::unpack_with(value, decompressor).map_err(fault)
    }
}

fn contents(dictionaries: &impl Rows, id: ReceiptId) -> Result<Option<Vec<u8>>, Fault> {
    let key = id.to_bytes();
    let Some(value) = dictionaries.get(key.as_slice())? else { return Ok(None) };
    Ok(Some(contents_of(&key, value.value())?.to_vec()))
}

/// What stands in this row of `dictionaries`.
pub(crate) fn contents_of<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], Fault> {
    Ok(parts(key, value)?.1)
}

/// The source and the contents of a row.
fn parts<'a>(key: &[u8], value: &'a [u8]) -> Result<(&'a str, &'a [u8]), Fault> {
    keys::split_text(value).ok_or_else(|| rows::not(tables::DICTIONARIES, key, "a source and a dictionary"))
}
