//! The validity of a certificate: the two times of
//! [RFC 5280, 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5), parsed without a library for X.509.
//!
//! The TLS library decides about trust, at each connection.

use tocsin_core::time::Timestamp;

const SEQUENCE: u8 = 0x30;
/// The context's tag 0, around the version.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The period in which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The certificate is not valid before this time.
    pub begins: Timestamp,
    /// The certificate is not valid after this time.
    pub ends: Timestamp,
}

/// The times of a certificate in DER.
pub fn of(certificate: &[u8]) -> Option<Validity> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut signed, _) = element(certificate)? else { return None };
    if let (VERSION, _, rest) = element(signed)? {
        signed = rest;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        (_, _, signed) = element(signed)?;
    }
    let (SEQUENCE, times, _) = element(signed)? else { return None };
    let (begins_as, begins, times) = element(times)?;
    let (ends_as, ends, _) = element(times)?;
    Some(Validity { begins: time(begins_as, begins)?, ends: time(ends_as, ends)? })
}

/// The first element of `bytes` in DER: its tag and content, and the rest.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
            (length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A time as certificates write it: in UTC, to the second. Two digits of a year are 1950 to 2049.
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let full = match tag {
        UTC_TIME if text.len() == 13 => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let (hour, minute, second) = (part(8, 10), part(10, 12), part(12, 14));
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}{}", part(14, 15)).parse().ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_time_is_read_in_both_of_its_forms() {
        assert_eq!(time(UTC_TIME, b"261120165000Z"), Some(at("2026-11-20T16:50:00Z")));
        assert_eq!(time(UTC_TIME, b"500101000000Z"), Some(at("1950-01-01T00:00:00Z")));
        assert_eq!(time(UTC_TIME, b"491231235959Z"), Some(at("2049-12-31T23:59:59Z")));
        assert_eq!(time(GENERALIZED_TIME, b"20991231235959Z"), Some(at("2099-12-31T23:59:59Z")));
        for (tag, text) in [
            (UTC_TIME, &b"2611201650Z"[..]),
            (UTC_TIME, b"269920165000Z"),
            (UTC_TIME, b"\xff61120165000Z"),
            (GENERALIZED_TIME, b"261120165000Z"),
            (SEQUENCE, b"261120165000Z"),
        ] {
            assert_eq!(time(tag, text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_short_or_no_certificate_has_no_times() {
        for bytes in
            [&b""[..], b"\x30", b"\x30\x82", b"\x30\x80", b"\x30\x03\x30\x05", b"\x30\x84\xff\xff\xff\xff"]
        {
            assert_eq!(of(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_certificate_says_until_when_it_is_valid() {
        for (certificate, end) in
            [(THIS_CENTURYS_HALF, "2027-11-30T11:01:37Z"), (LATER, "2081-09-02T11:01:37Z")]
        {
            let certificate = STANDARD.decode(certificate).expect("it is base 64");
            assert_eq!(of(&certificate).map(|validity| validity.ends), end.parse().ok());
            // What was cut off anywhere is no date, and no panic.
            for length in 0..certificate.len() {
                of(&certificate[..length]);
            }
        }
    }

    /// As UTCTime.
    const THIS_CENTURYS_HALF: &str = "MIIBjzCCATWgAwIBAgIUcaVioue+Y6fIOpnP4FxChlYkfxIwCgYIKoZIzj0EAwIwHTEbMBkGA1UEAwwSdG9jc2luLmV4YW1wbGUu\
    b3JnMB4XDTI2MTEzMDExMDEzN1oXDTI3MTEzMDExMDEzN1owHTEbMBkGA1UEAwwSdG9jc2luLmV4YW1wbGUub3JnMFkwEwYHKoZI\
    zj0CAQYIKoZIzj0DAQcDQgAE38xsKm9ciraMWOyhxeW/thq8/HQjIf70hbuYFaT3z2yBgY8/yj2O8NF00K6Cdd7wphstzicKWgnc\
    KLFjctT2i6NTMFEwHQYDVR0OBBYEFM0XqTiuscJUPlK6EpwpdFvcMfXpMB8GA1UdIwQYMBaAFM0XqTiuscJUPlK6EpwpdFvcMfXp\
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgfaGGpstXEMgzdpU/nMp3HV7q6fTa4TGkLB3c4fNyQRECIQC3QoG8\
    C60z7jLfesUwa62mfirKdvQLYevAzQFkNvOSzQ==";

    /// From 2050 on, as GeneralizedTime.
    const LATER: &str = "MIIBkDCCATegAwIBAgIUEtblzcJCH8HVgU3wgJpkH4QkcwowCgYIKoZIzj0EAwIwHTEbMBkGA1UEAwwSdG9jc2luLmV4YW1wbGUu\
    b3JnMCAXDTI2MTEzMDExMDEzN1oYDzIwODEwOTAyMTEwMTM3WjAdMRswGQYDVQQDDBJ0b2NzaW4uZXhhbXBsZS5vcmcwWTATBgcq\
    hkjOPQIBBggqhkjOPQMBBwNCAAQkT72BZoHOdjyMZHpV92tIcVmB6ic5C7KokKKtZwReVdi5RhbRVjqgyB1WV3OtC05YNIBqjWaF\
    +8Xy4k29/w6jo1MwUTAdBgNVHQ4EFgQUSkhUJ8knXmH+Bu4UnB0esFDx+xowHwYDVR0jBBgwFoAUSkhUJ8knXmH+Bu4UnB0esFDx\
    +xowDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBCzU+fKfVXcuxiGlF0nbh68+1SggdQGj9lnKCNy52bsgIgbBDx\
    NE4cOzGM3+trlLTRMXJkNB48W+yH877v5zIQIQ8=";
}
