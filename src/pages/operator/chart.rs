//! A small chart, made on the server as the shapes of an SVG: bars that stand on each other, or lines.
//!
//! It is a picture of numbers that stand beside it as a table too.

use std::fmt::Write as _;

/// A shape with the class that gives it its colour.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) class: &'static str,
    /// What SVG draws (`d` of a path).
    pub(super) path: String,
}

/// What is drawn, and what the top of it stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) shapes: Vec<Shape>,
    pub(super) top: u64,
}

/// One row of numbers, from left to right, and its class.
pub(super) type Series<'a> = (&'static str, &'a [Option<u64>]);

impl Chart {
    pub(super) const WIDTH: u64 = 600;
    pub(super) const HEIGHT: u64 = 120;

    /// Bars, of which each series stands on the one before it.
    pub(super) fn bars(series: &[Series<'_>]) -> Self {
        let places = places(series);
        let mut below = vec![0_u64; places];
        let sum = |place: usize| {
            series.iter().filter_map(|(_, values)| values.get(place).copied().flatten()).fold(0, u64::saturating_add)
        };
        let top = round_up((0..places).map(sum).max().unwrap_or_default());
        let step = step(places);
        let shapes = series.iter().map(|(class, values)| {
            let mut path = String::new();
            for ((place, value), below) in values.iter().enumerate().zip(&mut below) {
                let value = value.unwrap_or_default();
                let (from, to) = (height(*below, top), height(below.saturating_add(value), top));
                *below = below.saturating_add(value);
                if to < from {
                    let (left, width) = (left(place, step), step.saturating_sub(GAP).max(1));
                    // Writing to a `String` cannot fail.
                    let _ = write!(path, "M{left} {from}V{to}h{width}V{from}z");
                }
            }
            Shape { class, path }
        });
        Self { shapes: shapes.collect(), top }
    }

    /// Lines, on a logarithmic scale: the slowest of a hundred may take ten thousand times as long as most. Where a
    /// number is missing, the line is broken.
    pub(super) fn lines(series: &[Series<'_>]) -> Self {
        let step = step(places(series));
        let most = series.iter().flat_map(|(_, values)| values.iter().copied().flatten()).max();
        let top = power_of_ten(most.unwrap_or_default().max(BOTTOM.saturating_mul(2)));
        let shapes = series.iter().map(|(class, values)| {
            let (mut path, mut goes_on) = (String::new(), false);
            for (place, value) in values.iter().enumerate() {
                if let Some(value) = value {
                    let (left, height) = (left(place, step), logarithmic_height(*value, top));
                    // A number between two gaps is a dash: a point alone would not be seen.
                    let command = if goes_on { 'L' } else { 'M' };
                    let _ = write!(path, "{command}{left} {height}h{}", step / 2);
                }
                goes_on = value.is_some();
            }
            Shape { class, path }
        });
        Self { shapes: shapes.collect(), top }
    }
}

fn places(series: &[Series<'_>]) -> usize {
    series.iter().map(|(_, values)| values.len()).max().unwrap_or_default()
}

fn step(places: usize) -> u64 {
    Chart::WIDTH.checked_div(u64::try_from(places).unwrap_or(u64::MAX)).unwrap_or(Chart::WIDTH)
}

fn left(place: usize, step: u64) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX).saturating_mul(step)
}

/// How far from the top something is drawn. What is not nothing is seen.
fn height(value: u64, top: u64) -> u64 {
    let scaled = value.saturating_mul(Chart::HEIGHT).checked_div(top).unwrap_or_default();
    let seen = if value > 0 { scaled.max(1) } else { 0 };
    Chart::HEIGHT.saturating_sub(seen)
}

/// The same on a scale on which each tenfold takes as much.
fn logarithmic_height(value: u64, top: u64) -> u64 {
    let above = |value: u64| logarithm(value).saturating_sub(logarithm(BOTTOM));
    let scaled = above(value).saturating_mul(Chart::HEIGHT).checked_div(above(top)).unwrap_or_default();
    Chart::HEIGHT.saturating_sub(scaled.clamp(1, Chart::HEIGHT))
}

/// To the base of two, in parts of 256, as good as a picture needs it.
fn logarithm(value: u64) -> u64 {
    let value = value.max(1);
    let whole = value.ilog2();
    let part = (u128::from(value) << 8) >> whole;
    u64::from(whole).saturating_mul(256).saturating_add(u64::try_from(part).unwrap_or(256).saturating_sub(256))
}

/// The next number that is one and zeros.
fn power_of_ten(number: u64) -> u64 {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    powers.into_iter().find(|power| *power >= number).unwrap_or(u64::MAX)
}

/// The next number that is one, two or five and zeros.
fn round_up(number: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for times in [1, 2, 5] {
            let round = power.saturating_mul(times);
            if round >= number {
                return round;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// What lies at the foot of a logarithmic scale: half a millisecond, in microseconds.
const BOTTOM: u64 = 500;

/// Between two bars.
const GAP: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_number_that_people_read() {
        let tops = [(0, 1), (1, 1), (3, 5), (11, 20), (21, 50), (501, 1000), (u64::MAX, u64::MAX)];
        for (number, top) in tops {
            assert_eq!(round_up(number), top, "{number}");
        }
    }

    #[test]
    fn bars_stand_on_each_other_and_the_smallest_is_seen() {
        let chart = Chart::bars(&[("good", &[Some(9), Some(0)]), ("bad", &[Some(1), None])]);
        assert_eq!(chart.top, 10);
        assert_eq!(chart.shapes[0].path, "M0 120V12h298V120z");
        assert_eq!(chart.shapes[1].path, "M0 12V0h298V12z");
        let small = Chart::bars(&[("good", &[Some(1), Some(1_000_000)])]);
        assert!(small.shapes[0].path.starts_with("M0 120V119h"), "{small:?}");
    }

    #[test]
    fn a_line_is_broken_where_there_is_nothing() {
        let chart = Chart::lines(&[("p50", &[Some(50_000), Some(5000), None, Some(20)])]);
        assert_eq!((chart.top, &*chart.shapes[0].path), (100_000, "M0 16h75L150 69h75M450 119h75"));
    }
}
