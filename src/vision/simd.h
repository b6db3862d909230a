/* One attribute for kernels that gain from wider vectors.
 *
 * gcc compiles such a function twice on x86-64 (baseline and AVX2) and the loader picks at start;
 * no FMA, so that both give the same bits. Elsewhere, and under sanitizers (whose shadow is not
 * ready when the loader picks), it is compiled once. The bodies are plain loops: arm64 gets NEON
 * from them. */
#ifndef FUS_VISION_SIMD_H
#define FUS_VISION_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
#define FUS_SIMD_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define FUS_SIMD_CLONES
#endif

/* For helpers that must become part of each compiled version of the kernel. */
#define FUS_SIMD_INLINE static inline __attribute__((always_inline))

#endif
