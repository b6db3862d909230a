/* One attribute for kernels that gain from wider vectors.
 *
 * gcc compiles such a function twice on x86-64 (baseline and AVX2) and the loader picks at start;
 * no FMA, so that both give the same bits. Elsewhere, and under sanitizers (whose shadow is not
 * ready when the loader picks), it is compiled once. The bodies are plain loops: arm64 gets NEON
 * from them. */
#ifndef FUS_VISION_SIMD_H
#define FUS_VISION_SIMD_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
#define FUS_SIMD_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define FUS_SIMD_CLONES
#endif

/* For helpers that must become part of each compiled version of the kernel. */
#define FUS_SIMD_INLINE static inline __attribute__((always_inline))

/* For kernels that need fused multiply-adds to give their bits: such a kernel is an inline body and
 * two functions around it, one with this attribute; fus_simd_has_fma() says which one runs. Where
 * every machine has the instruction (arm64), the attribute is empty. */
#if defined(__x86_64__)
#define FUS_SIMD_FMA __attribute__((target("avx2,fma")))
#else
#define FUS_SIMD_FMA
#endif
static inline bool fus_simd_has_fma(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

#endif
