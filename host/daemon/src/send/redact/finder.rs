//! Finds runs of secrets in a text of any size, in one step for each byte and in memory that does not grow with it.
//!
//! A run is found as it is, in capital or small letters, backwards, in base 64 (of either alphabet, wherever it begins),
//! and each of these with the escapes of JSON, HTML and URLs. Never decides what stands in its place.

use std::collections::HashSet;

use super::undone;

/// Bytes of a secret, at least: fewer are in any text, and hide nothing.
pub const SECRET_BYTES_MIN: usize = 4;
/// Bytes of a run, at least.
const RUN: usize = 8;
/// Digits of base 64 that hold nothing but a run of [`RUN`] bytes, wherever it begins.
const RUN_DIGITS: usize = 10;
/// Bits of a window of [`RUN_DIGITS`].
const DIGITS_MASK: u64 = (1 << (6 * RUN_DIGITS)) - 1;
/// Bits of a filter, at least and at most, as a power of two.
const FILTER_BITS: (u32, u32) = (16, 24);

/// Finds the runs of some secrets.
pub struct Finder {
    /// Windows of [`RUN`] bytes.
    bytes: Windows,
    /// Windows of [`RUN_DIGITS`] digits of base 64.
    digits: Windows,
    /// How long a run must be, in bytes and in digits.
    least: (usize, usize),
    /// Secrets that are shorter than a run.
    short: Vec<Short>,
    /// Their digits of base 64.
    short_digits: Vec<Short>,
}

/// Something shorter than a window, to be compared with the end of one.
struct Short {
    value: u64,
    mask: u64,
    length: usize,
}

impl Short {
    fn of(values: impl Iterator<Item = u8>, bits: u32) -> Self {
        let (value, length) =
            values.fold((0, 0), |(value, length), next| (value << bits | u64::from(next), length + 1));
        Self { value, mask: u64::MAX >> (64 - bits as usize * length), length }
    }
}

/// A set of windows, with a filter before it that fits into a processor's cache.
struct Windows {
    set: HashSet<u64>,
    filter: Vec<u64>,
    shift: u32,
}

impl Windows {
    fn of(set: HashSet<u64>) -> Self {
        let bits = (set.len() as u64 * 16).next_power_of_two().ilog2().clamp(FILTER_BITS.0, FILTER_BITS.1);
        let mut windows = Self { set, filter: vec![0; 1 << (bits - 6)], shift: 64 - bits };
        for window in &windows.set {
            let (word, bit) = place(*window, windows.shift);
            windows.filter[word] |= bit;
        }
        windows
    }

    fn has(&self, window: u64) -> bool {
        let (word, bit) = place(window, self.shift);
        self.filter[word] & bit != 0 && self.set.contains(&window)
    }
}

/// The place of a window in a filter.
fn place(window: u64, shift: u32) -> (usize, u64) {
    let hash = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

impl Finder {
    /// Finds every run of each of these.
    pub fn of_runs(secrets: &[Vec<u8>]) -> Self {
        Self::new(secrets, |_| (RUN, RUN_DIGITS))
    }

    /// Finds `secret` where it stands whole.
    pub fn of_whole(secret: &[u8]) -> Self {
        let digits =
            |form: &[u8]| (0..3).map(|offset| in_base64(form, offset).len()).min().unwrap_or(RUN_DIGITS);
        Self::new(&[secret.to_vec()], |form| (form.len(), digits(form)))
    }

    fn new(secrets: &[Vec<u8>], length: impl Fn(&[u8]) -> (usize, usize)) -> Self {
        let (mut bytes, mut digits) = (HashSet::new(), HashSet::new());
        let (mut short, mut short_digits) = (Vec::new(), Vec::new());
        let mut least = (usize::MAX, usize::MAX);
        for secret in secrets {
            let plain = undone::all(secret);
            let forms = [secret, &plain];
            let count = if plain == *secret { 1 } else { 2 };
            for form in forms.into_iter().take(count).filter(|form| form.len() >= SECRET_BYTES_MIN) {
                let folded: Vec<u8> = form.iter().map(|byte| folded(*byte)).collect();
                let reversed: Vec<u8> = folded.iter().rev().copied().collect();
                let encoded = (0..3).map(|offset| in_base64(form, offset));
                if form.len() < RUN {
                    short.extend([folded, reversed].map(|form| Short::of(form.into_iter(), 8)));
                    short_digits.extend(encoded.map(|digits| Short::of(digits.into_iter(), 6)));
                    continue;
                }
                let (of_bytes, of_digits) = length(form);
                least = (least.0.min(of_bytes), least.1.min(of_digits));
                bytes.extend([folded, reversed].iter().flat_map(|form| windows(form, RUN, 8)));
                digits.extend(encoded.flat_map(|digits| windows(&digits, RUN_DIGITS, 6).collect::<Vec<_>>()));
            }
        }
        Self { bytes: Windows::of(bytes), digits: Windows::of(digits), least, short, short_digits }
    }

    /// `text` with every run replaced by `place`; nothing when there is none in it.
    pub fn without(&self, text: &[u8], place: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(text);
        if found.is_empty() {
            return None;
        }
        let mut clean = Vec::with_capacity(text.len());
        let mut rest = 0;
        for (from, to) in found {
            // A character is replaced as a whole.
            let is_inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
            let from = (rest..=from).rev().find(|at| !is_inside(at)).unwrap_or(from);
            clean.extend_from_slice(&text[rest..from]);
            clean.extend_from_slice(place);
            rest = (to..text.len()).find(|at| !is_inside(at)).unwrap_or(text.len());
        }
        clean.extend_from_slice(&text[rest..]);
        Some(clean)
    }

    /// Where the runs are, in their order and apart from each other.
    fn find(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut track = Track::new(self);
        for (at, byte) in text.iter().enumerate() {
            track.push(*byte, at, at + 1);
        }
        let mut found = track.end();
        if memchr::memchr3(b'%', b'\\', b'&', text).is_some() {
            let (mut track, mut at) = (Track::new(self), 0);
            while at < text.len() {
                let undone = undone::at(text, at);
                for byte in undone.bytes() {
                    track.push(*byte, at, undone.next);
                }
                at = undone.next;
            }
            found.append(&mut track.end());
        }
        found.sort_unstable();
        found.dedup_by(|next, before| {
            let touches = next.0 <= before.1;
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
        found
    }
}

/// A byte as it is compared: in small letters, and a space as forms write it.
const fn folded(byte: u8) -> u8 {
    if byte == b'+' { b' ' } else { byte.to_ascii_lowercase() }
}

/// The windows of so many values, each of so many bits.
fn windows(values: &[u8], length: usize, bits: u32) -> impl Iterator<Item = u64> {
    values
        .windows(length)
        .map(move |part| part.iter().fold(0, |window, value| window << bits | u64::from(*value)))
}

/// The digits of `secret` in base 64 when it begins `offset` bytes into a group of three: those that hold nothing else.
fn in_base64(secret: &[u8], offset: usize) -> Vec<u8> {
    let bit = |at: usize| {
        let byte = at.checked_sub(8 * offset).and_then(|at| secret.get(at / 8)).copied().unwrap_or_default();
        byte >> (7 - at % 8) & 1
    };
    let (first, last) = ((8 * offset).div_ceil(6), 8 * (offset + secret.len()) / 6);
    (first..last).map(|digit| (6 * digit..6 * digit + 6).fold(0, |value, at| value << 1 | bit(at))).collect()
}

/// What a character is worth in base 64, of either alphabet. A line break stands between digits.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 64 {
        digits[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    digits[b'-' as usize] = 62;
    digits[b'_' as usize] = 63;
    digits[b'\r' as usize] = BETWEEN;
    digits[b'\n' as usize] = BETWEEN;
    digits
};
const NO_DIGIT: u8 = 255;
const BETWEEN: u8 = 254;

/// A window that moves over values, with the places where they began.
#[derive(Default)]
struct Moving {
    window: u64,
    /// Values that were seen in a row.
    seen: usize,
    starts: [usize; 16],
    /// Values in the run so far; 0 outside of one.
    run: usize,
    run_start: usize,
}

impl Moving {
    fn take(&mut self, value: u8, bits: u32, start: usize) {
        self.window = self.window << bits | u64::from(value);
        self.starts[self.seen & 15] = start;
        self.seen += 1;
    }

    /// Where the value so many before the next began.
    fn start(&self, back: usize) -> usize {
        self.starts[self.seen.wrapping_sub(back) & 15]
    }

    /// Counts the run on, if the window is part of one; where it began, once it is long enough.
    fn count(&mut self, is_part: bool, window: usize, least: usize) -> Option<usize> {
        if !is_part {
            self.run = 0;
            return None;
        }
        if self.run == 0 {
            self.run_start = self.start(window);
            self.run = window;
        } else {
            self.run += 1;
        }
        (self.run >= least).then_some(self.run_start)
    }
}

/// One pass over a text.
struct Track<'a> {
    finder: &'a Finder,
    bytes: Moving,
    digits: Moving,
    /// A short secret, if no letter follows.
    pending: Option<(usize, usize)>,
    found: Vec<(usize, usize)>,
}

impl<'a> Track<'a> {
    fn new(finder: &'a Finder) -> Self {
        Self { finder, bytes: Moving::default(), digits: Moving::default(), pending: None, found: Vec::new() }
    }

    /// Takes a byte that `start..end` of the text stands for.
    #[inline]
    fn push(&mut self, byte: u8, start: usize, end: usize) {
        let finder = self.finder;
        self.bytes.take(folded(byte), 8, start);
        let is_part = self.bytes.seen >= RUN && finder.bytes.has(self.bytes.window);
        if let Some(from) = self.bytes.count(is_part, RUN, finder.least.0) {
            self.add(from, end);
        }
        match DIGITS[usize::from(byte)] {
            BETWEEN => {}
            NO_DIGIT => (self.digits.seen, self.digits.run) = (0, 0),
            digit => {
                self.digits.take(digit, 6, start);
                let is_part =
                    self.digits.seen >= RUN_DIGITS && finder.digits.has(self.digits.window & DIGITS_MASK);
                if let Some(from) = self.digits.count(is_part, RUN_DIGITS, finder.least.1) {
                    self.add(from, end);
                }
            }
        }
        if !finder.short.is_empty() {
            self.look_for_short(byte, end);
        }
    }

    /// Short secrets count as words: between characters that are neither letters nor digits.
    fn look_for_short(&mut self, byte: u8, end: usize) {
        if let Some((from, to)) = self.pending.take().filter(|_| !byte.is_ascii_alphanumeric()) {
            self.add(from, to);
        }
        let ends_in = |moving: &Moving, short: &Short| {
            moving.seen >= short.length && moving.window & short.mask == short.value
        };
        for short in &self.finder.short {
            let before = (self.bytes.window >> (8 * short.length)) & 0xff;
            let is_word = self.bytes.seen == short.length
                || !u8::try_from(before).is_ok_and(|before| before.is_ascii_alphanumeric());
            if is_word && ends_in(&self.bytes, short) {
                self.pending = Some((self.bytes.start(short.length), end));
            }
        }
        if DIGITS[usize::from(byte)] < BETWEEN
            && let Some(short) = self.finder.short_digits.iter().find(|short| ends_in(&self.digits, short))
        {
            self.add(self.digits.start(short.length), end);
        }
    }

    fn add(&mut self, from: usize, to: usize) {
        match self.found.last_mut() {
            Some(last) if from <= last.1 && from >= last.0 => last.1 = last.1.max(to),
            _ => self.found.push((from, to)),
        }
    }

    fn end(mut self) -> Vec<(usize, usize)> {
        if let Some((from, to)) = self.pending.take() {
            self.add(from, to);
        }
        self.found
    }
}
