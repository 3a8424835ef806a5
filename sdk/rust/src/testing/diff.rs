//! The difference of two texts, line by line.
//!
//! Never exact about moved lines: it is read by a person.

/// `-` lines of `expected` that are not in `found` and `+` lines the other way, with the common lines around.
pub(super) fn lines(expected: &str, found: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    // The longest common subsequence; cases are small, so the table is too.
    let mut longest = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < a.len() || j < b.len() {
        let (mark, line) = if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            (' ', a[i - 1])
        } else if j < b.len() && (i == a.len() || longest[i][j + 1] > longest[i + 1][j]) {
            j += 1;
            ('+', b[j - 1])
        } else {
            i += 1;
            ('-', a[i - 1])
        };
        out.push_str(&format!("  {mark} {line}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_changed_line_shows_as_one_gone_and_one_new() {
        assert_eq!(super::lines("a\nb\nc", "a\nx\nc"), "    a\n  - b\n  + x\n    c\n");
        assert_eq!(super::lines("", "x"), "  + x\n");
    }
}
