//! The certificate that a connection's peer shows, and until when it is valid.
//!
//! Sends neither a secret nor the path of the connection. Reaches what the relay itself would reach, in the same way.

use std::time::Duration;

use reqwest::tls::TlsInfo;
use tocsin_core::egress::check_url;
use tocsin_core::time::Timestamp;

use crate::config::Connection;
use crate::send::client::{SendError, failed, looking};

/// What is known of a certificate that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It is valid until then.
    Until(Timestamp),
    /// Its dates are not where they should be.
    Unclear,
    /// It is trusted, but the peer does not answer, for this reason.
    Silent(String),
}

/// Asks the peer of `connection` for `/`, and returns what its certificate says. Reads nothing of the answer.
///
/// # Errors
/// It cannot be reached or is not trusted, also because its certificate is no longer valid.
pub(crate) async fn of(connection: &Connection, timeout: Duration) -> Result<Shown, SendError> {
    let mut url = connection.target.sample().clone();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    check_url(&url, connection.policy)?;
    let client = looking(connection, timeout).map_err(failed)?;
    let answer = match client.get(url).send().await.map_err(failed) {
        Ok(answer) => answer,
        // Nothing is sent before the certificate was found right.
        Err(SendError::Network { words, may_have_arrived: true }) => return Ok(Shown::Silent(words)),
        Err(error) => return Err(error),
    };
    let certificate = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    Ok(certificate.and_then(not_after).map_or(Shown::Unclear, Shown::Until))
}

/// The tags of DER that stand in a certificate before its dates.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Until when a certificate in DER is valid.
fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (signed, _) = value(certificate, SEQUENCE)?;
    let (mut rest, _) = value(signed, SEQUENCE)?;
    if let Some((_, after)) = value(rest, VERSION) {
        rest = after;
    }
    // The serial number, the algorithm of the signature, and the issuer.
    for _ in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (dates, _) = value(rest, SEQUENCE)?;
    let (_, _, rest) = element(dates)?;
    let (tag, date, _) = element(rest)?;
    time(tag, std::str::from_utf8(date).ok()?)
}

/// `YYMMDDHHMMSSZ`, of 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let (century, digits) = match tag {
        UTC_TIME => (if text.get(..2)? < "50" { "20" } else { "19" }, text.strip_suffix('Z')?),
        GENERALIZED_TIME => ("", text.strip_suffix('Z')?),
        _ => return None,
    };
    let digits = format!("{century}{digits}");
    let part = |from: usize, to: usize| digits.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()
}

/// The value of the first element, which must have this tag, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = element(bytes)?;
    (found == tag).then_some((value, rest))
}

/// The tag and the value of the first element, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        length @ 0..=0x7f => (usize::from(*length), rest),
        // A certificate is far shorter than three bytes of length can say.
        long @ 0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_certificate_says_until_when_it_is_valid() {
        for (certificate, end) in
            [(THIS_CENTURYS_HALF, "2027-11-30T11:01:37Z"), (LATER, "2081-09-02T11:01:37Z")]
        {
            let certificate = STANDARD.decode(certificate).expect("it is base 64");
            assert_eq!(not_after(&certificate), end.parse().ok());
            // What was cut off anywhere is no date, and no panic.
            for length in 0..certificate.len() {
                not_after(&certificate[..length]);
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
