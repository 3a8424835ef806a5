//! Broken variants of a case's request: a plugin may refuse them and must not panic.
//!
//! Never random: the same variants in every run, so that a failure can be found again.

/// Variants of one request.
const VARIANTS: u64 = 300;
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

/// `VARIANTS` times `bytes` with one to four cuts, doublings, changed bytes or insertions.
pub(super) fn variants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (1..=VARIANTS).map(move |seed| {
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
