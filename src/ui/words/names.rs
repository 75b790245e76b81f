//! A friendly name for an id that nobody could remember.

use snaproom_protocol::PeerId;

/// Two words, the same in everybody's page. Ids are hashes, so that their first bytes are as good as dice; with
/// 4096 names two of ten people share one about once in a hundred rooms.
#[must_use]
pub fn friendly_name(peer: &PeerId) -> String {
    let PeerId([first, second, ..]) = peer;
    format!("{} {}", pick(&QUALITIES, *first), pick(&ANIMALS, *second))
}

/// One of `N` colours for a peer, as a number; of another byte than the name.
#[must_use]
pub fn tone<const N: u8>(peer: &PeerId) -> u8 {
    peer.0[2] % N
}

fn pick<const N: usize>(words: &[&'static str; N], byte: u8) -> &'static str {
    words[usize::from(byte) % N]
}

const QUALITIES: [&str; 64] = [
    "Agile", "Amber", "Bold", "Brave", "Breezy", "Bright", "Calm", "Cheery", "Clever", "Cosy", "Curious",
    "Daring", "Dapper", "Eager", "Early", "Fair", "Fleet", "Fond", "Free", "Gentle", "Glad", "Golden",
    "Grand", "Happy", "Hardy", "Hearty", "Honest", "Humble", "Jolly", "Jovial", "Keen", "Kind", "Lively",
    "Loyal", "Lucky", "Mellow", "Merry", "Mighty", "Misty", "Neat", "Nimble", "Noble", "Patient", "Placid",
    "Plucky", "Polite", "Proud", "Quick", "Quiet", "Ready", "Royal", "Silver", "Sleek", "Smart", "Snug",
    "Steady", "Sunny", "Swift", "Tender", "Tidy", "Trusty", "Warm", "Wise", "Witty",
];

const ANIMALS: [&str; 64] = [
    "Badger",
    "Beaver",
    "Bison",
    "Bobcat",
    "Camel",
    "Caribou",
    "Cheetah",
    "Cicada",
    "Condor",
    "Cormorant",
    "Cricket",
    "Curlew",
    "Dolphin",
    "Dormouse",
    "Eagle",
    "Egret",
    "Falcon",
    "Ferret",
    "Finch",
    "Firefly",
    "Fox",
    "Gazelle",
    "Gecko",
    "Gibbon",
    "Hamster",
    "Hare",
    "Hedgehog",
    "Heron",
    "Ibex",
    "Ibis",
    "Jackdaw",
    "Jaguar",
    "Kestrel",
    "Kingfisher",
    "Koala",
    "Lark",
    "Lemur",
    "Lynx",
    "Magpie",
    "Marmot",
    "Marten",
    "Mole",
    "Moose",
    "Newt",
    "Nightingale",
    "Ocelot",
    "Osprey",
    "Otter",
    "Owl",
    "Panda",
    "Pelican",
    "Penguin",
    "Puffin",
    "Quail",
    "Rabbit",
    "Raven",
    "Robin",
    "Seal",
    "Sparrow",
    "Squirrel",
    "Swan",
    "Tortoise",
    "Walrus",
    "Wren",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_name_is_made_of_the_first_two_bytes() {
        let mut id = [9; 16];
        id[..2].copy_from_slice(&[6, 64 + 27]);
        assert_eq!(friendly_name(&PeerId(id)), "Calm Heron");
        id[15] = 0;
        assert_eq!(friendly_name(&PeerId(id)), "Calm Heron");
    }

    #[wasm_bindgen_test]
    fn no_word_stands_twice() {
        let words: BTreeSet<&str> = QUALITIES.into_iter().chain(ANIMALS).collect();
        assert_eq!(words.len(), 128);
    }
}
