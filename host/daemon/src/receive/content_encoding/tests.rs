//! Bodies that were encoded, rightly and wrongly, and bodies that are made to become too large.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;
use crate::shared::budget::Budget;

fn bound(limit: usize) -> Bound {
    Bound { limit, portion: Budget::new(usize::MAX).portion("hook", true) }
}

const TEXT: &[u8] = b"{\"title\":\"Disk full on db-1\"}";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A brotli stream of `bytes` as they are (RFC 7932, 9.2): one uncompressed meta-block of at most 65,536 bytes.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len() - 1).unwrap();
    assert!(length < 1 << 16);
    // WBITS 16: `0`; ISLAST: `0`; MNIBBLES 4: `00`; MLEN - 1: 16 bits; ISUNCOMPRESSED: `1`.
    let bits = (length << 4) | (1 << 20);
    let mut stream = bits.to_le_bytes()[..3].to_vec();
    stream.extend_from_slice(bytes);
    // ISLAST and ISLASTEMPTY.
    stream.push(0b11);
    stream
}

#[test]
fn each_coding_is_undone() {
    for (coding, body) in [
        (Coding::Gzip, gzip(TEXT)),
        (Coding::Gzip, [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat()),
        (Coding::Deflate, zlib(TEXT)),
        (Coding::Deflate, deflate(TEXT)),
        (Coding::Brotli, brotli(TEXT)),
    ] {
        assert_eq!(decode(&body, coding, &bound(1000)), Ok(TEXT.to_vec()), "{coding:?}");
    }
}

#[test]
fn what_is_no_coding_and_what_was_undone_on_the_way_is_left_alone() {
    for name in ["utf-8", "UTF-8", "iso-8859-1", "none", "binary", "8bit"] {
        assert_eq!(codings(&[Pair::new(HEADER, name)]).unwrap(), [], "{name}");
    }
    assert_eq!(decode(TEXT, Coding::Gzip, &bound(1000)), Ok(TEXT.to_vec()));
}

#[test]
fn a_list_is_undone_from_its_end() {
    let headers = [Pair::new(HEADER, "deflate, identity"), Pair::new(HEADER, " GZIP ,br")];
    let codings = codings(&headers).unwrap();
    assert_eq!(codings, [Coding::Deflate, Coding::Gzip, Coding::Brotli]);
    assert_eq!(decode_all(brotli(&gzip(&zlib(TEXT))), &codings, &bound(1000)), Ok(TEXT.to_vec()));
}

#[test]
fn an_unknown_coding_is_unsupported_and_says_which_are_known() {
    let problem = codings(&[Pair::new(HEADER, "zstd")]).unwrap_err();
    assert_eq!(problem.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for words in ["Content-Encoding `zstd`", "gzip, deflate, br"] {
        assert!(problem.detail().contains(words), "{}", problem.detail());
    }
    codings(&[Pair::new(HEADER, "gzip,gzip,gzip,gzip,gzip")]).unwrap_err();
}

#[test]
fn what_becomes_more_than_the_limit_is_given_up_at_the_limit() {
    let zeros = vec![0; 50_000_000];
    for (coding, body) in
        [(Coding::Gzip, gzip(&zeros)), (Coding::Deflate, zlib(&zeros)), (Coding::Deflate, deflate(&zeros))]
    {
        assert!(body.len() < 60_000);
        assert_eq!(decode(&body, coding, &bound(1000)), Err(Failure::TooLarge), "{coding:?}");
    }
    let body = gzip(&gzip(&zeros));
    assert_eq!(decode_all(body, &[Coding::Gzip, Coding::Gzip], &bound(100_000)), Err(Failure::TooLarge));
    assert_eq!(decode(&brotli(&[7; 1001]), Coding::Brotli, &bound(1000)), Err(Failure::TooLarge));
    assert_eq!(decode(&brotli(&[7; 1000]), Coding::Brotli, &bound(1000)), Ok(vec![7; 1000]));
}

#[test]
fn broken_bodies_are_broken() {
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 6].to_vec();
    for (coding, body) in [
        (Coding::Gzip, cut(gzip(TEXT))),
        (Coding::Gzip, b"title=Disk".to_vec()),
        (Coding::Gzip, Vec::from(b"\x1f\x8b")),
        (Coding::Deflate, cut(zlib(TEXT))),
        (Coding::Deflate, cut(deflate(TEXT))),
        (Coding::Deflate, TEXT.to_vec()),
        (Coding::Brotli, cut(brotli(TEXT))),
        (Coding::Brotli, vec![0xff; 100]),
        (Coding::Brotli, TEXT.to_vec()),
        (Coding::Brotli, [brotli(TEXT), TEXT.to_vec()].concat()),
        (Coding::Gzip, [gzip(TEXT), TEXT.to_vec()].concat()),
        (Coding::Deflate, [deflate(TEXT), TEXT.to_vec()].concat()),
        (Coding::Deflate, [zlib(TEXT), TEXT.to_vec()].concat()),
        // A large window of 30 bits.
        (Coding::Brotli, vec![0x11, 0x1e, 0, 0, 0]),
    ] {
        let read = decode(&body, coding, &bound(1000));
        assert!(matches!(read, Err(Failure::Broken(..))), "{coding:?} {body:?}: {read:?}");
    }
}

#[test]
fn what_becomes_more_than_there_is_memory_for_is_given_up() {
    let zeros = vec![0; 5_000_000];
    for (coding, body) in [(Coding::Gzip, gzip(&zeros)), (Coding::Deflate, zlib(&zeros))] {
        let bound = Bound { limit: 60_000_000, portion: Budget::new(1_000_000).portion("hook", true) };
        assert_eq!(decode(&body, coding, &bound), Err(Failure::NoRoom), "{coding:?}");
    }
}
