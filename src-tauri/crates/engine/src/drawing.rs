//! Annotations drawn on copies of images, in the colors of the window.

use domain::geometry::{ImageFromSent, PixelSize};
use domain::shape::Shape;
use prepare::DrawnAnnotation;

/// Of the JPEG of a copy.
pub const QUALITY: u8 = 88;

/// The window's label palette, so that a color means the same label in both.
const PALETTE: [[u8; 3]; 12] = [
    [0x35, 0xb2, 0xfc],
    [0xd3, 0x78, 0x12],
    [0x83, 0xfd, 0xb5],
    [0xf7, 0xf3, 0x4a],
    [0xf1, 0x91, 0xaf],
    [0x39, 0x71, 0xf8],
    [0xc5, 0xc4, 0x63],
    [0x9f, 0x29, 0xab],
    [0xc0, 0xd5, 0xfd],
    [0xb9, 0x30, 0x00],
    [0x9a, 0x78, 0xaf],
    [0x3f, 0x74, 0x6a],
];

/// The first dashed color of the palette, from 1.
const FIRST_DASHED: u8 = 7;

/// The colors that the window gives to labels that are seen together, in its order: solid lines first, and none that
/// looks like its accent.
const OF_LABELS: [u8; 10] = [2, 6, 4, 5, 3, 8, 10, 9, 7, 11];

/// The color of a label by its place among those that are drawn.
pub fn color_of_label(place: usize) -> u8 {
    OF_LABELS[place % OF_LABELS.len()]
}

/// `color` is one of the palette, from 1.
pub fn annotation(shape: Shape, text: String, color: u8) -> DrawnAnnotation {
    let rgb = PALETTE[usize::from(color.clamp(1, 12)) - 1];
    DrawnAnnotation { shape, text, color: rgb, dashed: color >= FIRST_DASHED }
}

/// Maps pixels of an image of this size to those of a copy. It is the same as from sent pixels to image pixels.
pub fn to_copy(image: PixelSize, copy: PixelSize) -> ImageFromSent {
    ImageFromSent::new(image, copy)
}
