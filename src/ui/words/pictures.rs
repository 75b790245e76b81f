//! The time before a photo, and one photo after another.

/// Said to people who do not see the number of seconds: when the counting begins, and once more near its end.
#[must_use]
pub fn counting(left: &str) -> &'static str {
    match left {
        "" => "",
        "1" | "2" | "3" => "Photo in 3 seconds.",
        _ => "Photo in 10 seconds. Escape stops that.",
    }
}

/// Over the viewfinder, while the button is held.
#[must_use]
pub fn burst(taken: usize) -> String {
    match taken {
        0 => String::new(),
        1 => "1 photo".into(),
        many => format!("{many} photos"),
    }
}

/// When it was let go.
#[must_use]
pub fn burst_sent(photos: usize) -> String {
    match photos {
        0 => "No photo was sent: nobody is here any more.".into(),
        1 => "1 photo was sent.".into(),
        many => format!("{many} photos were sent."),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_countdown_is_said_twice_at_most() {
        for seconds in [3, 10] {
            let mut said: Vec<_> = (1..=seconds).rev().map(|left: u8| counting(&left.to_string())).collect();
            assert!(said[0].contains(&format!("{seconds} seconds")), "{}", said[0]);
            said.dedup();
            assert!(said.len() <= 2, "{said:?}");
        }
        assert_eq!(counting(""), "");
    }
}
