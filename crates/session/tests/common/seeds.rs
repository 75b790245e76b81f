//! Many runs of one test, each of which can be run again alone.

use std::ops::Range;

/// Runs a test with many seeds, in wasm with 20. A failing one is printed; `SNAPROOM_SEED=n` runs it alone,
/// `SNAPROOM_SEEDS=n` or `SNAPROOM_SEEDS=n..m` others.
pub fn seeds(count: u64, test: impl Fn(u64)) {
    for seed in range(count, 20) {
        run(seed, &test);
    }
}

/// The same with all of the machine's processors, and in wasm with 200.
#[cfg(not(target_arch = "wasm32"))]
pub fn many_seeds(count: u64, test: impl Fn(u64) + Sync) {
    use std::sync::atomic::{AtomicU64, Ordering};

    let Range { start, end } = range(count, 200);
    let next = AtomicU64::new(start);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            run(seed, &test);
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..processors).for_each(|_| drop(scope.spawn(work))));
}

#[cfg(target_arch = "wasm32")]
pub fn many_seeds(count: u64, test: impl Fn(u64)) {
    for seed in range(count, 200) {
        run(seed, &test);
    }
}

fn range(count: u64, in_wasm: u64) -> Range<u64> {
    let number = |text: &str| text.trim().parse::<u64>().expect("a number");
    if let Ok(one) = std::env::var("SNAPROOM_SEED") {
        return number(&one)..number(&one) + 1;
    }
    match std::env::var("SNAPROOM_SEEDS").ok().as_deref().map(|text| (text, text.split_once(".."))) {
        Some((_, Some((from, to)))) => number(from)..number(to),
        Some((count, None)) => 0..number(count),
        None => 0..if cfg!(target_arch = "wasm32") { count.min(in_wasm) } else { count },
    }
}

fn run(seed: u64, test: &impl Fn(u64)) {
    let _on_failure = PrintSeed(seed);
    test(seed);
}

struct PrintSeed(u64);

impl PrintSeed {
    #[cfg(not(target_arch = "wasm32"))]
    fn print(&self) {
        if std::thread::panicking() {
            eprintln!("failed with SNAPROOM_SEED={}", self.0);
        }
    }

    /// A panic ends a wasm instance, so the last seed without this line is the one that failed.
    #[cfg(target_arch = "wasm32")]
    fn print(&self) {
        wasm_bindgen_test::console_log!("seed {} passed", self.0);
    }
}

impl Drop for PrintSeed {
    fn drop(&mut self) {
        self.print();
    }
}
