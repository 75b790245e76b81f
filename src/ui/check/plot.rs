use leptos::prelude::*;

/// Of the drawing, in units of its own: the page stretches it.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 80.0;

/// A curve of measurements over time, the last at the right edge, from 0 up to the largest of them. Its heading says in
/// words what the last one is, for everybody; its upper edge may say what it stands for.
#[component]
pub fn Plot(
    /// What is measured.
    title: &'static str,
    /// At most so many measurements are shown.
    room_for: usize,
    /// The measurements, the oldest first.
    #[prop(into)]
    values: Signal<Vec<f64>>,
    /// The last measurement, with its unit.
    #[prop(into)]
    last: Signal<String>,
    /// The upper edge is no less than this, so that what is small looks small.
    #[prop(optional)]
    at_least: f64,
    /// What the upper edge says of its value.
    #[prop(optional)]
    unit: Option<fn(f64) -> String>,
) -> impl IntoView {
    let upper = Memo::new(move |_| values.with(|values| upper(shown(values, room_for), at_least)));
    let curve = move || values.with(|values| curve(values, room_for, upper.get()));
    let edge =
        unit.map(|unit| view! { <span class="edge" aria-hidden="true">{move || unit(upper.get())}</span> });
    view! {
        <figure class="plot">
            <figcaption>
                <span>{title}</span>
                <b>{move || last.get()}</b>
            </figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <polyline points=curve />
            </svg>
            {edge}
        </figure>
    }
}

fn shown(values: &[f64], room_for: usize) -> &[f64] {
    &values[values.len().saturating_sub(room_for)..]
}

fn upper(shown: &[f64], at_least: f64) -> f64 {
    shown.iter().copied().filter(|value| value.is_finite()).fold(at_least, f64::max).max(f64::MIN_POSITIVE)
}

/// The points of an SVG polyline.
#[expect(clippy::cast_precision_loss, reason = "a few hundred measurements")]
fn curve(values: &[f64], room_for: usize, upper: f64) -> String {
    let shown = shown(values, room_for);
    let step = WIDTH / room_for.saturating_sub(1).max(1) as f64;
    let left = room_for.saturating_sub(shown.len()) as f64 * step;
    let point = |(number, value): (usize, &f64)| {
        let height = if value.is_finite() { value.max(0.0) / upper } else { 0.0 };
        format!("{:.1},{:.1}", left + number as f64 * step, HEIGHT - 1.0 - height * (HEIGHT - 2.0))
    };
    shown.iter().enumerate().map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn drawn(values: &[f64], room_for: usize, at_least: f64) -> String {
        curve(values, room_for, upper(shown(values, room_for), at_least))
    }

    #[wasm_bindgen_test]
    fn the_last_measurement_is_at_the_right_edge_and_the_largest_at_the_top() {
        assert_eq!(drawn(&[], 4, 0.0), "");
        assert_eq!(drawn(&[5.0], 4, 0.0), "300.0,1.0");
        assert_eq!(drawn(&[9.0, 0.0, 2.0, 1.0], 3, 0.0), "0.0,79.0 150.0,1.0 300.0,40.0");
        assert_eq!(drawn(&[0.0, f64::NAN], 2, 0.0), "0.0,79.0 300.0,79.0", "nothing was measured");
    }

    #[wasm_bindgen_test]
    fn what_is_small_looks_small() {
        assert_eq!(drawn(&[1.0, 2.0], 2, 4.0), "0.0,59.5 300.0,40.0");
        assert_eq!(drawn(&[1.0, 8.0], 2, 4.0), "0.0,69.2 300.0,1.0");
    }
}
