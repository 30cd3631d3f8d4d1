//! The nearest of some words, for messages: a typing error is seen at once when both are shown.

/// The candidate with the fewest edits from `word`, unless most of it would have to change.
pub(super) fn nearest<'a, T>(
    word: &str,
    candidates: impl IntoIterator<Item = (T, &'a str)>,
) -> Option<(T, usize)> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|(key, candidate)| (key, edits(word, candidate)))
        .filter(|&(_, edits)| edits <= limit)
        .min_by_key(|&(_, edits)| edits)
}

/// Letters to insert, remove or replace (Levenshtein); long texts are far from everything.
fn edits(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().take(101).collect();
    if two.len() > 100 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in two.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_or_none() {
        // Goal: typing errors find their word, other words none. Method: a slip and a stranger.
        let words = ["walletid", "amount"].map(|word| (word, word));
        assert_eq!(nearest("waletid", words), Some(("walletid", 1)));
        assert_eq!(nearest("amuont", words), Some(("amount", 2)));
        assert_eq!(nearest("phone", words), None);
    }
}
