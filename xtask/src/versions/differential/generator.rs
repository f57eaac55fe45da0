use super::tools::Tool;

/// Makes so many pairs of versions of a tool's scheme: the seeds themselves and mutations of them.
pub(super) fn pairs(tool: &Tool, more_seeds: &[String], count: usize) -> Vec<(String, String)> {
    let own = tool.seeds.split_whitespace().map(str::to_owned);
    let seeds: Vec<String> = own
        .chain(more_seeds.iter().cloned())
        .filter(|seed| (tool.is_comparable)(seed))
        .collect();
    let pieces: Vec<&str> = tool.pieces.split_whitespace().collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut made = Vec::with_capacity(count);
    while made.len() < count {
        let base = random.one_of(&seeds);
        let left = mutated(base, &pieces, &mut random);
        // A mutation of the same version differs in what is of interest.
        let other = if random.below(4) == 0 {
            random.one_of(&seeds)
        } else {
            base
        };
        let right = mutated(other, &pieces, &mut random);
        if (tool.is_comparable)(&left) && (tool.is_comparable)(&right) {
            made.push((left, right));
        }
    }
    made
}

fn mutated(text: &str, pieces: &[&str], random: &mut Random) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..random.below(4) {
        let place = random.below(text.len() + 1);
        match random.below(4) {
            0 if text.len() > 1 && place < text.len() => {
                text.remove(place);
            }
            1 if place < text.len() && text[place].is_ascii_digit() => {
                text[place] = *random.one_of(&['0', '1', '2', '9']);
            }
            _ => {
                let piece = random.one_of(pieces).chars();
                text.splice(place..place, piece);
            }
        }
    }
    text.into_iter().collect()
}

/// Xorshift: the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = usize::try_from(self.0 >> 33).unwrap_or_default();
        high % end.max(1)
    }

    fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}
