//! Two profile pictures, painted point by point and written as PNG (ISO/IEC 15948) without compression.

/// Points on each side.
const SIDE: usize = 96;

type Colour = [u8; 3];

/// Hills before a rising sun.
pub fn dawn() -> Vec<u8> {
    png(|x, y| {
        let far = 0.60 + 0.06 * (x * 9.0).sin();
        let near = 0.76 + 0.08 * (x * 5.0 + 2.0).sin();
        if y > near {
            [47, 72, 88]
        } else if y > far {
            [86, 116, 128]
        } else if distance(x, y, 0.62, 0.46) < 0.17 {
            [255, 214, 120]
        } else {
            mix([250, 179, 128], [116, 147, 190], 1.0 - y / 0.65)
        }
    })
}

/// A crescent over the sea.
pub fn moon() -> Vec<u8> {
    png(|x, y| {
        let lit = distance(x, y, 0.45, 0.38) < 0.22 && distance(x, y, 0.54, 0.33) >= 0.19;
        if lit {
            [250, 240, 205]
        } else if y > 0.72 {
            let wave = ((y - 0.72) * 70.0 + (x * 14.0).sin()).sin();
            mix([38, 58, 96], [68, 98, 140], f64::from(wave > 0.55))
        } else {
            mix([72, 62, 120], [24, 26, 62], 1.0 - y / 0.72)
        }
    })
}

fn distance(x: f64, y: f64, to_x: f64, to_y: f64) -> f64 {
    (x - to_x).hypot(y - to_y)
}

/// From `one` to `other`, as far as `part` says, 0 to 1.
fn mix(one: Colour, other: Colour, part: f64) -> Colour {
    let part = part.clamp(0.0, 1.0);
    std::array::from_fn(|at| {
        let (from, to) = (f64::from(one[at]), f64::from(other[at]));
        (from + (to - from) * part).round() as u8
    })
}

/// A square picture; `colour` is asked for points from 0 to 1 in each direction.
fn png(colour: impl Fn(f64, f64) -> Colour) -> Vec<u8> {
    let part = |point: usize| (point as f64 + 0.5) / SIDE as f64;
    let mut rows = Vec::new();
    for y in 0..SIDE {
        // No filter.
        rows.push(0);
        rows.extend((0..SIDE).flat_map(|x| colour(part(x), part(y))));
    }
    let side = (SIDE as u32).to_be_bytes();
    // Eight bits each of red, green and blue.
    let header = [&side[..], &side, &[8, 2, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    put_chunk(&mut png, *b"IHDR", &header);
    put_chunk(&mut png, *b"IDAT", &zlib(&rows));
    put_chunk(&mut png, *b"IEND", &[]);
    png
}

fn put_chunk(png: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    png.extend((content.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(name);
    png.extend(content);
    let sum = crc(&png[start..]);
    png.extend(sum.to_be_bytes());
}

/// RFC 1950 around stored blocks of RFC 1951.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = bytes.chunks(0xffff);
    let last = blocks.len() - 1;
    for (at, block) in blocks.enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(at == last));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler(bytes).to_be_bytes());
    stream
}

fn adler(bytes: &[u8]) -> u32 {
    let (one, two) = bytes.iter().fold((1, 0), |(one, two), byte| {
        let one = (one + u32::from(*byte)) % 65_521;
        (one, (two + one) % 65_521)
    });
    two << 16 | one
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            sum >> 1 ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_picture_is_small_enough_to_be_one_and_the_two_differ() {
        for picture in [dawn(), moon()] {
            assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.ends_with(b"IEND\xae\x42\x60\x82"));
            assert!(picture.len() < 32 * 1024, "{}", picture.len());
        }
        assert_ne!(dawn(), moon());
    }
}
