/* What is part of the program: the manifest and the nets, byte for byte as they lie in models/. */
    .section .rodata
    .macro embed symbol, file
    .global \symbol
    .global \symbol\()_end
    .balign 64
\symbol:
    .incbin "\file"
\symbol\()_end:
    .byte 0
    .endm

    embed fus_builtin_manifest, "manifest.json"
    embed fus_builtin_deep_swapper, "deep_swapper.json"
    embed fus_builtin_face_detector, "face_detector.onnx"
    embed fus_builtin_face_landmarker, "face_landmarker_68.onnx"

    .section .note.GNU-stack, "", %progbits
