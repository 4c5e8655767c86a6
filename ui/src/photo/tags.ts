/**
 * Where the label of an annotation goes: beside its box, never over what the box shows, never over another label, and not over
 * another small annotation where there is another place.
 */

/** In pixels of the screen. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TagWish {
  box: Area;
  width: number;
  height: number;
  /** Gets a place even where there is no free one. */
  isNeeded: boolean;
}

/** As many labels as a small annotation is large, at the most. */
const SMALL = 6;
/** Of a small annotation, the share that a label may hide. */
const HIDDEN = 0.2;

/** Places in the order of the wishes; null where a label would cover another, or what is `taken` already. */
export function placeTags(wishes: TagWish[], room: Area, gap: number, already: Area[] = []): (Area | null)[] {
  const taken = [...already];
  const small = wishes.flatMap(({ box, width, height }) =>
    box.width * box.height < SMALL * width * height ? box : [],
  );
  return wishes.map((wish) => {
    const places = candidates(wish, gap).map((place) => pushedInto(place, wish, room));
    const fitting = places.filter((place): place is Area => place !== null);
    const spares = (place: Area) => !small.some((box) => box !== wish.box && covers(place, box));
    const isFree = (place: Area) => !taken.some((other) => overlaps(place, other));
    const free = fitting.find((place) => isFree(place) && spares(place)) ?? fitting.find(isFree);
    const chosen = free ?? (wish.isNeeded ? (fitting[0] ?? within(insideOf(wish, gap), room)) : null);
    if (chosen) taken.push(chosen);
    return chosen;
  });
}

function candidates(wish: TagWish, gap: number): Area[] {
  const { box, width, height } = wish;
  const right = box.x + box.width - width;
  const above = box.y - height - gap;
  const below = box.y + box.height + gap;
  const beside = [
    { x: box.x - gap, y: above, width, height },
    { x: right + gap, y: above, width, height },
    { x: box.x - gap, y: below, width, height },
    { x: right + gap, y: below, width, height },
    { x: box.x + box.width + gap, y: box.y, width, height },
    { x: box.x - width - gap, y: box.y, width, height },
  ];
  // In a corner of a large box a label covers next to nothing.
  const isRoomy = box.width > 3 * width && box.height > 6 * height;
  return isRoomy ? [beside[0] as Area, insideOf(wish, gap), ...beside.slice(1)] : beside;
}

function insideOf({ box, width, height }: TagWish, gap: number): Area {
  return { x: box.x + gap, y: box.y + gap, width, height };
}

/** The place, shifted along the box's edge into the room; null when it is outside of the room or would meet the box. */
function pushedInto(place: Area, wish: TagWish, room: Area): Area | null {
  const shifted = within(place, room);
  const isShiftedAcross = shifted.y !== place.y;
  if (isShiftedAcross) return null;
  const isBeside = place.x >= wish.box.x + wish.box.width || place.x + place.width <= wish.box.x;
  return isBeside && shifted.x !== place.x ? null : shifted;
}

function within(place: Area, room: Area): Area {
  return {
    ...place,
    x: Math.max(room.x, Math.min(room.x + room.width - place.width, place.x)),
    y: Math.max(room.y, Math.min(room.y + room.height - place.height, place.y)),
  };
}

function covers(place: Area, box: Area): boolean {
  const across = Math.min(place.x + place.width, box.x + box.width) - Math.max(place.x, box.x);
  const down = Math.min(place.y + place.height, box.y + box.height) - Math.max(place.y, box.y);
  return across > 0 && down > 0 && across * down > HIDDEN * box.width * box.height;
}

function overlaps(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
