//! Broken variants of a case's request: a plugin may refuse them and must not panic.
//!
//! Never random: the same variants in every run, so that a failure can be found again.

use serde_json::{Value, json};

/// Variants of one body, unless the runner is told otherwise.
pub const VARIANTS: u64 = 300;
/// What is put in at random places: ends of strings, deep nesting, half characters, large numbers.
const PIECES: [&[u8]; 14] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"-1e999",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
    b"%",
    b"\\u0000",
];

/// `count` times `bytes` with one to four cuts, doublings, changed bytes or insertions. The variants that follow from
/// one `seed` are the same in every run; 0 is the seed of a usual run.
pub fn variants(bytes: &[u8], count: u64, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(move |number| {
        let seed = number.wrapping_add(seed.wrapping_mul(0xd134_2543_de82_ef95)).max(1);
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut variant = bytes.to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(variant.len());
            match random.below(4) {
                0 => variant.truncate(at),
                1 => variant.extend_from_within(at..),
                2 => {
                    if let Some(byte) = variant.get_mut(at) {
                        *byte = random.byte();
                    }
                }
                _ => {
                    let piece = PIECES[random.below(PIECES.len() - 1)];
                    variant.splice(at..at, piece.iter().copied());
                }
            }
        }
        variant
    })
}

/// Values of a document that are replaced.
const PLACES: usize = 120;

/// A JSON document with each of its values in turn replaced by something of another shape, or taken out.
/// Nothing for a body that is no JSON.
pub fn documents(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let mut places = Vec::new();
    find_places(&document, String::new(), &mut places);
    let count = places.len().max(1);
    // Spread over a large document rather than its beginning only.
    let step = count.div_ceil(PLACES);
    let others = [
        json!(null),
        json!(""),
        json!(" "),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!({}),
        json!([{"a": [null]}]),
        json!("ü\u{202e}\u{0}".repeat(700)),
    ];
    places.into_iter().step_by(step).flat_map(move |place| {
        let with = |other: &Value| {
            let mut variant = document.clone();
            if let Some(value) = variant.pointer_mut(&place) {
                *value = other.clone();
            }
            variant.to_string().into_bytes()
        };
        let mut variants: Vec<Vec<u8>> = others.iter().map(with).collect();
        variants.extend(without(&document, &place));
        variants
    })
}

fn find_places(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                find_places(inner, format!("{path}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                find_places(inner, format!("{path}/{index}"), places);
            }
        }
        _ => {}
    }
    if !value.is_null() {
        places.push(path);
    }
}

/// The document without the member or item at `place`.
fn without(document: &Value, place: &str) -> Option<Vec<u8>> {
    let (parent, name) = place.rsplit_once('/')?;
    let mut variant = document.clone();
    match variant.pointer_mut(parent)? {
        Value::Object(members) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(name.parse().ok().filter(|index| *index < items.len())?);
        }
        _ => return None,
    }
    Some(variant.to_string().into_bytes())
}

/// xorshift64*: enough to spread cuts over a file.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to `end`, both included.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % (end + 1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }
}
