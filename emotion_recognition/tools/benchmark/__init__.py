"""How fast everything is on the machine at hand, and beside what others would take.

    emotion_recognition benchmark --quick
    ros2 run emotion_recognition benchmark --baselines --json result.json --plot result.png

Times every stage and the whole frame with each backend, precision, number of threads and input of
the detector. Needs no ROS, and no image of anyone.
"""
