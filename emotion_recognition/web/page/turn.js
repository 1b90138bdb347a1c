// Whether a face turns to the camera, as text and as a mark; both empty where that cannot be told.

const STEP = 10; // degrees: five landmarks tell no more

export function turnText(face) {
  if (typeof face.facing !== "boolean") return "";
  if (face.facing) return "facing the camera";
  const degrees = STEP * Math.round((180 * Math.abs(face.yaw || 0)) / Math.PI / STEP);
  return degrees ? `turned ${degrees}° to the ${face.yaw > 0 ? "left" : "right"}` : "turned away";
}

// The same without degrees, for a screen reader, which need not be told of each of them.
export function turnSpoken(face) {
  if (typeof face.facing !== "boolean") return "";
  return face.facing ? "facing the camera" : "turned away";
}

export function turnMark(face) {
  if (typeof face.facing !== "boolean") return "";
  if (face.facing) return "◉";
  return face.yaw > 0 ? "←" : "→"; // in the picture
}
