//! What people are called: by the name that they typed, else by a friendly one for an id that nobody could remember.

use litemap::LiteMap;
use snaproom_protocol::PeerId;

/// The names that people typed.
pub type Names = LiteMap<PeerId, String>;

/// What a person is called.
#[must_use]
pub fn name_of(names: &Names, peer: &PeerId) -> String {
    names.get(peer).cloned().unwrap_or_else(|| friendly_name(peer))
}

/// The same inside of a sentence: a name in letters that run from right to left turns nothing around it (Unicode
/// UAX #9, FIRST STRONG ISOLATE to POP DIRECTIONAL ISOLATE).
#[must_use]
pub fn isolated(names: &Names, peer: &PeerId) -> String {
    match names.get(peer) {
        Some(name) => format!("\u{2068}{name}\u{2069}"),
        None => friendly_name(peer),
    }
}

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
    fn a_typed_name_comes_first_and_turns_no_sentence_around() {
        let (typed, other) = (PeerId([1; 16]), PeerId([2; 16]));
        let names = Names::from_iter([(typed, "נועה".into())]);
        assert_eq!(name_of(&names, &typed), "נועה");
        assert_eq!(isolated(&names, &typed), "\u{2068}נועה\u{2069}");
        assert_eq!(name_of(&names, &other), friendly_name(&other));
        assert_eq!(isolated(&names, &other), friendly_name(&other));
    }

    #[wasm_bindgen_test]
    fn no_word_stands_twice() {
        let words: BTreeSet<&str> = QUALITIES.into_iter().chain(ANIMALS).collect();
        assert_eq!(words.len(), 128);
    }
}
