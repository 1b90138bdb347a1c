"""A head in five points.

The average of 1,636 faces: a shape with mirror symmetry and a pose for each face, fitted by least
squares to the annotated landmarks of the training images of source p1 (as factorization does:
Tomasi and Kanade, Shape and motion from image streams under orthography, 1992), and scaled to eyes
that are 63 mm apart, as those of adults are on average. Its points lie 3 % of the eye distance
beside those of the annotators.
"""

from __future__ import annotations

#: Meters between the eyes.
EYE_DISTANCE = 0.063

#: Eye, eye, tip of the nose, corner of the mouth, corner of the mouth of a head that looks at the
#: camera, in the order of `Face.landmarks`: meters to the right and down in the image and away from
#: the camera (REP 103's optical frame), from the point between the eyes.
HEAD_POINTS = (
    (-0.0315, 0.0, 0.0),
    (0.0315, 0.0, 0.0),
    (0.0, 0.0368, -0.0306),
    (-0.0255, 0.0674, 0.0056),
    (0.0255, 0.0674, 0.0056),
)
