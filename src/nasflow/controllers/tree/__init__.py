"""How the tree-LSTM reads the questions of the path space (Cai et al., ICML 2018, section 3.2)."""
