/// Pictures that differ for people of all ages, and can be told apart when they are read aloud: the table of Matrix's
/// specification (client-server API, "SAS method: emoji").
#[rustfmt::skip]
const SIGNS: [&str; 64] = [
    "🐶 Dog", "🐱 Cat", "🦁 Lion", "🐎 Horse",
    "🦄 Unicorn", "🐷 Pig", "🐘 Elephant", "🐰 Rabbit",
    "🐼 Panda", "🐓 Rooster", "🐧 Penguin", "🐢 Turtle",
    "🐟 Fish", "🐙 Octopus", "🦋 Butterfly", "🌷 Flower",
    "🌳 Tree", "🌵 Cactus", "🍄 Mushroom", "🌏 Globe",
    "🌙 Moon", "☁️ Cloud", "🔥 Fire", "🍌 Banana",
    "🍎 Apple", "🍓 Strawberry", "🌽 Corn", "🍕 Pizza",
    "🎂 Cake", "❤️ Heart", "😀 Smiley", "🤖 Robot",
    "🎩 Hat", "👓 Glasses", "🔧 Spanner", "🎅 Santa",
    "👍 Thumbs up", "☂️ Umbrella", "⌛ Hourglass", "⏰ Clock",
    "🎁 Gift", "💡 Light bulb", "📕 Book", "✏️ Pencil",
    "📎 Paperclip", "✂️ Scissors", "🔒 Lock", "🔑 Key",
    "🔨 Hammer", "☎️ Telephone", "🏁 Flag", "🚂 Train",
    "🚲 Bicycle", "✈️ Aeroplane", "🚀 Rocket", "🏆 Trophy",
    "⚽ Ball", "🎸 Guitar", "🎺 Trumpet", "🔔 Bell",
    "⚓ Anchor", "🎧 Headphones", "📁 Folder", "📌 Pin",
];

/// The picture and the word of a number below 64.
#[must_use]
pub fn sign(number: u8) -> (&'static str, &'static str) {
    SIGNS[usize::from(number) % SIGNS.len()].split_once(' ').unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_number_has_a_picture_and_a_word_of_its_own() {
        let signs: BTreeSet<_> = (0..64).map(sign).collect();
        assert_eq!(signs.len(), 64);
        assert!(signs.iter().all(|(picture, word)| !picture.is_empty() && word.len() >= 3));
    }
}
