//! A view: maps a picture of any shape into the model's square input, and boxes back.

use domain::geometry::{PixelSize, Rect};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::{INPUT_EDGE, INPUT_SIDE};
use crate::LocalError;

/// Mean and standard deviation of the training images, on the scale 0 to 255, in the model's channel order: blue,
/// green, red. Source: `normalize` in upstream's `config/nanodet-g.yml`.
const MEAN: [f32; 3] = [103.53, 116.28, 123.675];
const STANDARD_DEVIATION: [f32; 3] = [57.375, 57.12, 58.395];

/// Index in an RGB pixel of each model channel.
const RGB_FROM_PLANE: [usize; 3] = [2, 1, 0];

/// A picture resized to `resized` whole pixels, with its top left corner at (`left`, `top`) of the input square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InputView {
    picture: PixelSize,
    resized: PixelSize,
    left: u32,
    top: u32,
}

impl InputView {
    /// The picture in its own shape, centered, with bars: as in training (`keep_ratio` upstream).
    pub(super) fn letterboxed(picture: PixelSize) -> Self {
        let long = u64::from(picture.long_edge()).max(1);
        let scale = |side: u32| {
            let scaled = (u64::from(side) * u64::from(INPUT_EDGE) + long / 2) / long;
            u32::try_from(scaled).unwrap_or(INPUT_EDGE).max(1)
        };
        let resized = PixelSize::new(scale(picture.width), scale(picture.height));
        Self { picture, resized, left: (INPUT_EDGE - resized.width) / 2, top: (INPUT_EDGE - resized.height) / 2 }
    }

    /// The picture distorted to fill the square.
    pub(super) fn stretched(picture: PixelSize) -> Self {
        Self { picture, resized: PixelSize::new(INPUT_EDGE, INPUT_EDGE), left: 0, top: 0 }
    }

    pub(super) fn picture(self) -> PixelSize {
        self.picture
    }

    /// Maps a box from input pixels to picture pixels; boxes on the bars are outside the picture.
    pub(super) fn rect_in_picture(self, in_input: Rect) -> Rect {
        let x_scale = f64::from(self.picture.width) / f64::from(self.resized.width);
        let y_scale = f64::from(self.picture.height) / f64::from(self.resized.height);
        let (left, top) = (f64::from(self.left), f64::from(self.top));
        Rect::new(
            (in_input.x1 - left) * x_scale,
            (in_input.y1 - top) * y_scale,
            (in_input.x2 - left) * x_scale,
            (in_input.y2 - top) * y_scale,
        )
    }

    /// The model's input, shape `[3, 416, 416]`: normalised blue, green and red planes. Bars are black *before*
    /// normalising, as in training.
    pub(super) fn planes(self, rgb: &[u8]) -> Result<Vec<f32>, LocalError> {
        let resized = self.resized_rgb(rgb)?;
        let (width, left, top) = (self.resized.width as usize, self.left as usize, self.top as usize);
        let mut planes = Vec::with_capacity(3 * INPUT_SIDE * INPUT_SIDE);
        for ((mean, deviation), channel) in MEAN.into_iter().zip(STANDARD_DEVIATION).zip(RGB_FROM_PLANE) {
            let normalised = |value: u8| (f32::from(value) - mean) / deviation;
            let start = planes.len();
            planes.resize(start + INPUT_SIDE * INPUT_SIDE, normalised(0));
            let rows = planes[start..].chunks_exact_mut(INPUT_SIDE).skip(top);
            for (row, pixels) in rows.zip(resized.chunks_exact(3 * width)) {
                for (value, pixel) in row[left..left + width].iter_mut().zip(pixels.chunks_exact(3)) {
                    *value = normalised(pixel[channel]);
                }
            }
        }
        Ok(planes)
    }

    /// The picture resized to the input. Each new pixel averages all old ones it covers, to avoid aliasing. The Hamming
    /// window costs no more than the bilinear one and keeps edges sharper, as in training.
    fn resized_rgb(self, rgb: &[u8]) -> Result<Vec<u8>, LocalError> {
        let (from, to) = (self.picture, self.resized);
        let mut resized = vec![0; 3 * to.width as usize * to.height as usize];
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Hamming));
        // Typed, because the resizer for any pixel type takes two minutes to compile.
        let picture = TypedImageRef::<U8x3>::from_buffer(from.width, from.height, rgb).map_err(resize)?;
        let mut view = TypedImage::<U8x3>::from_buffer(to.width, to.height, &mut resized).map_err(resize)?;
        Resizer::new().resize_typed(&picture, &mut view, &options).map_err(resize)?;
        Ok(resized)
    }
}

fn resize(error: impl std::error::Error + Send + Sync + 'static) -> LocalError {
    LocalError::Resize(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_the_picture_come_back_from_where_they_were_laid() {
        for (width, height) in [(640, 427), (427, 640), (416, 416), (1, 1), (8000, 1000), (1, 65_535), (3, 2)] {
            let picture = PixelSize::new(width, height);
            for view in [InputView::letterboxed(picture), InputView::stretched(picture)] {
                assert!(view.left + view.resized.width <= INPUT_EDGE && view.top + view.resized.height <= INPUT_EDGE);
                let laid = Rect::new(
                    f64::from(view.left),
                    f64::from(view.top),
                    f64::from(view.left + view.resized.width),
                    f64::from(view.top + view.resized.height),
                );
                let back = view.rect_in_picture(laid);
                let whole = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
                assert!(back.iou(whole) > 1.0 - 1e-9, "{picture:?}: {back:?}");
            }
        }
    }

    #[test]
    fn letterboxing_centres_and_keeps_the_shape() {
        let view = InputView::letterboxed(PixelSize::new(1600, 800));
        assert_eq!((view.resized, view.left, view.top), (PixelSize::new(416, 208), 0, 104));
        let view = InputView::letterboxed(PixelSize::new(50, 100));
        assert_eq!((view.resized, view.left, view.top), (PixelSize::new(208, 416), 104, 0));
    }

    #[test]
    fn planes_are_blue_green_red_and_bars_are_black() {
        let view = InputView::letterboxed(PixelSize::new(2, 1));
        let planes = view.planes(&[255, 128, 0, 255, 128, 0]).unwrap();
        let value = |plane: usize, y: usize| planes[(plane * INPUT_SIDE + y) * INPUT_SIDE + 200];
        let expected = |plane: usize, value: f32| (value - MEAN[plane]) / STANDARD_DEVIATION[plane];
        for (plane, channel) in [0.0, 128.0, 255.0].into_iter().enumerate() {
            assert!((value(plane, 208) - expected(plane, channel)).abs() < 1e-6);
            assert!((value(plane, 103) - expected(plane, 0.0)).abs() < 1e-6);
            assert!((value(plane, 312) - expected(plane, 0.0)).abs() < 1e-6);
        }
    }
}
