//! Measuring in turns, so that what slows the machine slows both sides.

use std::time::Instant;

/// Measures each subject once a round; the next round begins with the next subject.
pub(crate) fn rounds<const N: usize>(
    count: usize,
    subjects: [&mut dyn FnMut() -> f64; N],
) -> [Vec<f64>; N] {
    let mut seen = [const { Vec::new() }; N];
    for round in 0..count {
        for place in 0..N {
            let turn = (place + round) % N;
            seen[turn].push(subjects[turn]());
        }
    }
    seen
}

/// How many seconds it takes.
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

/// The middle one; of an even number the mean of the two.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// A count as a number to reckon with: exact, since no bench counts up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "no bench counts up to 2^53")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
