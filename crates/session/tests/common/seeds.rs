//! Many runs of one test, each of which can be run again alone.

/// Runs a test with many seeds, in wasm with 20. A failing one is printed; `SNAPROOM_SEED=n` runs it alone,
/// `SNAPROOM_SEEDS=n` runs more or fewer.
pub fn seeds(count: u64, test: impl Fn(u64)) {
    let from_env = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let one = from_env("SNAPROOM_SEED");
    let most = if cfg!(target_arch = "wasm32") { count.min(20) } else { count };
    let seeds = one.map_or(0..from_env("SNAPROOM_SEEDS").unwrap_or(most), |seed| seed..seed + 1);
    for seed in seeds {
        let _on_failure = PrintSeed(seed);
        test(seed);
    }
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
