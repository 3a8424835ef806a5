//! Addresses as a browser reads them, to compare what a text claims with where a link leads.
//!
//! Knows the characters that stand for ASCII in the name of a host (full width, circled and mathematical letters, the
//! other full stops and slashes) and those that show nothing. Has no tables of Unicode: a plugin would grow by them.

/// `text` in small letters, with ASCII in place of the characters that a browser takes for it in an address, and
/// without those that show nothing.
pub fn folded(text: &str) -> String {
    text.chars().filter(|c| !shows_nothing(*c)).flat_map(|c| plain(c).to_lowercase()).collect()
}

const fn shows_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Letters that stand outside of their row among the mathematical ones.
const LETTERLIKE: [(&str, char); 19] = [
    ("ℂℭ", 'C'),
    ("ℊ", 'g'),
    ("ℋℌℍ", 'H'),
    ("ℎ", 'h'),
    ("ℐℑ", 'I'),
    ("ℒ", 'L'),
    ("ℓ", 'l'),
    ("ℕ", 'N'),
    ("ℙ", 'P'),
    ("ℚ", 'Q'),
    ("ℛℜℝ", 'R'),
    ("ℤℨ", 'Z'),
    ("ℬ", 'B'),
    ("ℯⅇ", 'e'),
    ("ℰ", 'E'),
    ("ℱ", 'F'),
    ("ℳ", 'M'),
    ("ℴ", 'o'),
    ("ⅈ", 'i'),
];

/// The ASCII character that `c` stands for, else `c`.
fn plain(c: char) -> char {
    let code = u32::from(c);
    let letter = |at: u32, from: char| char::from_u32(u32::from(from) + at).unwrap_or(c);
    match code {
        0xff01..=0xff5e => letter(code - 0xff01, '!'),
        0x3002 | 0xff61 | 0x2024 | 0xfe52 => '.',
        0x2044 | 0x2215 | 0x29f8 | 0x2571 => '/',
        0x02d0 | 0x2236 | 0xa789 | 0xfe55 | 0xfe13 => ':',
        0x5c | 0x2216 | 0xfe68 => '/',
        0x2010 | 0x2011 | 0xfe63 => '-',
        0x3000 | 0xa0 | 0x2000..=0x200a => ' ',
        0x2460..=0x2468 => letter(code - 0x2460, '1'),
        0x24ea => '0',
        0x24b6..=0x24cf => letter(code - 0x24b6, 'a'),
        0x24d0..=0x24e9 => letter(code - 0x24d0, 'a'),
        // Alphabets of 26 capital and 26 small letters, one after the other; then rows of ten digits.
        0x1d400..=0x1d6a3 => letter((code - 0x1d400) % 26, 'a'),
        0x1d7ce..=0x1d7ff => letter((code - 0x1d7ce) % 10, '0'),
        _ => LETTERLIKE.iter().find(|(row, _)| row.contains(c)).map_or(c, |(_, plain)| *plain),
    }
}

/// The host that an address names, as the domain name system has it: `MÜNCHEN。example:8080/x` is
/// `xn--mnchen-3ya.example`. Nothing for an address that also says who logs in: people take that for its host.
pub fn host_of(address: &str) -> Option<String> {
    let address = folded(address.trim());
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.contains('@'))?;
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) && !host.ends_with(':') => host,
        _ => authority,
    };
    let labels: Vec<String> = host.trim_end_matches('.').split('.').map(ascii_label).collect();
    Some(labels.join(".")).filter(|host| !host.is_empty())
}

fn ascii_label(label: &str) -> String {
    match punycode(label) {
        Some(encoded) if !label.is_ascii() => format!("xn--{encoded}"),
        _ => label.to_owned(),
    }
}

/// Characters of a label that are encoded; a name of a host has 63.
const LABEL_CHARS: usize = 63;

/// `label` in Punycode ([RFC 3492](https://www.rfc-editor.org/rfc/rfc3492)), if it is not too long for one.
fn punycode(label: &str) -> Option<String> {
    let chars: Vec<u32> = label.chars().map(u32::from).collect();
    if chars.len() > LABEL_CHARS {
        return None;
    }
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut done) = (128, 0_u32, 72, basic);
    while usize::try_from(done).ok()? < chars.len() {
        let next = chars.iter().copied().filter(|c| *c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(done + 1)?)?;
        n = next;
        for c in &chars {
            delta += u32::from(*c < n);
            if *c == n {
                push_number(&mut out, delta, bias);
                bias = adapted(delta, done + 1, done == basic);
                (delta, done) = (0, done + 1);
            }
        }
        (delta, n) = (delta + 1, n + 1);
    }
    Some(out)
}

fn push_number(out: &mut String, number: u32, bias: u32) {
    let (mut rest, mut k) = (number, 36_u32);
    loop {
        let threshold = k.saturating_sub(bias).clamp(1, 26);
        if rest < threshold {
            out.extend(punycode_digit(rest));
            return;
        }
        out.extend(punycode_digit(threshold + (rest - threshold) % (36 - threshold)));
        rest = (rest - threshold) / (36 - threshold);
        k += 36;
    }
}

/// `a` to `z`, then `0` to `9`.
fn punycode_digit(digit: u32) -> Option<char> {
    char::from_u32(if digit < 26 { u32::from('a') + digit } else { u32::from('0') + digit - 26 })
}

fn adapted(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_a_browser_reads_an_address() {
        for (text, read) in [
            ("ＨＴＴＰＳ：／／ｂａｎｋ．ｅｘａｍｐｌｅ", "https://bank.example"),
            ("bank。example", "bank.example"),
            ("bank｡example", "bank.example"),
            ("ba\u{200b}nk\u{ad}.exam\u{2060}ple", "bank.example"),
            ("\u{202e}bank.example", "bank.example"),
            ("𝐛𝐚𝐧𝐤.𝖊𝖝𝖆𝖒𝖕𝖑𝖊", "bank.example"),
            ("ⓑⓐⓝⓚ.example", "bank.example"),
            ("ℬank․example", "bank.example"),
            ("①②⑦.⓪.⓪.①", "127.0.0.1"),
            ("https:\\\\bank.example", "https://bank.example"),
        ] {
            assert_eq!(folded(text), read, "{text}");
        }
    }

    #[test]
    fn hosts_are_compared_as_the_domain_name_system_has_them() {
        for (address, host) in [
            ("https://MÜNCHEN.example:8080/x", "xn--mnchen-3ya.example"),
            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
            ("https://bücher.example./", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("http://[::1]:80/", "[::1]"),
            ("http://10.0.0.1:80", "10.0.0.1"),
        ] {
            assert_eq!(host_of(address).as_deref(), Some(host), "{address}");
        }
        assert_eq!(host_of("https://bank.example@evil.example/"), None);
        assert_eq!(host_of(""), None);
        // Too long for a name of a host, and in a bounded time.
        assert!(host_of(&"ü".repeat(100_000)).is_some());
    }
}
