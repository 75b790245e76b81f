//! Which browser it is, as far as it changes where permissions are kept.

/// By whose ways a person finds the permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guide {
    /// Chrome, Edge and their kin, on a desk.
    Chromium,
    /// The same on Android.
    ChromiumPhone,
    /// On a desk.
    Firefox,
    /// On Android.
    FirefoxPhone,
    /// On a Mac.
    Safari,
    /// On an iPhone or iPad.
    SafariPhone,
    /// Any other browser on an iPhone or iPad, where the system keeps its permissions.
    AppOnPhone,
    /// None of these.
    Other,
}

impl Guide {
    /// By what the browser calls itself, and by whether it is touched: an iPad says that it is a Mac.
    #[must_use]
    pub fn of(user_agent: &str, is_touched: bool) -> Self {
        let says = |word| user_agent.contains(word);
        let is_apples_phone = says("iPhone") || says("iPad") || says("Macintosh") && is_touched;
        let is_other_app = ["CriOS", "FxiOS", "EdgiOS", "OPT/", "DuckDuckGo", "GSA/"].into_iter().any(says);
        match () {
            () if is_apples_phone && is_other_app => Self::AppOnPhone,
            () if is_apples_phone && says("AppleWebKit") => Self::SafariPhone,
            () if says("Firefox/") && says("Android") => Self::FirefoxPhone,
            () if says("Firefox/") => Self::Firefox,
            // Each of them also says that it is a Safari.
            () if says("Chrome/") && says("Android") => Self::ChromiumPhone,
            () if says("Chrome/") => Self::Chromium,
            () if says("Macintosh") && says("Safari/") => Self::Safari,
            () => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn browsers_are_told_apart_where_their_permissions_are_elsewhere() {
        let webkit = "(KHTML, like Gecko)";
        for (user_agent, is_touched, expected) in [
            (
                format!(
                    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {webkit} Chrome/140.0.0.0 Safari/537.36"
                ),
                false,
                Guide::Chromium,
            ),
            (
                format!(
                    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 {webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
                ),
                true,
                Guide::Chromium,
            ),
            (
                format!(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {webkit} Chrome/140.0.0.0 Safari/537.36"
                ),
                false,
                Guide::Chromium,
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {webkit} Chrome/140.0.0.0 Mobile Safari/537.36"
                ),
                true,
                Guide::ChromiumPhone,
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 {webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"
                ),
                true,
                Guide::ChromiumPhone,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0".into(),
                false,
                Guide::Firefox,
            ),
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0".into(),
                true,
                Guide::FirefoxPhone,
            ),
            (
                format!(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {webkit} Version/18.5 Safari/605.1.15"
                ),
                false,
                Guide::Safari,
            ),
            (
                format!(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {webkit} Version/18.5 Safari/605.1.15"
                ),
                true,
                Guide::SafariPhone,
            ),
            (
                format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 {webkit} Version/18.5 Mobile/15E148 Safari/604.1"
                ),
                true,
                Guide::SafariPhone,
            ),
            (
                format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 {webkit} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1"
                ),
                true,
                Guide::AppOnPhone,
            ),
            (
                format!(
                    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 {webkit} FxiOS/143.0 Mobile/15E148 Safari/605.1.15"
                ),
                true,
                Guide::AppOnPhone,
            ),
            ("Links (2.29; Linux)".into(), false, Guide::Other),
            (String::new(), false, Guide::Other),
        ] {
            assert_eq!(Guide::of(&user_agent, is_touched), expected, "{user_agent}");
        }
    }
}
